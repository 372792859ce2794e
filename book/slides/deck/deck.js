/* Starts reveal.js. On a phone held upright a slide is as tall as the phone. */
(() => {
  "use strict";
  const screen = { width: 960, height: 700 };

  const fit = () => {
    const { innerWidth: width, innerHeight: height } = window;
    const phone = width < 600 && height > width;
    document.documentElement.classList.toggle("phone", phone);
    // Not below 640: a short window then shows a smaller slide, and the whole of it.
    return phone ? { width: 430, height: Math.max(640, (430 * height) / width) } : screen;
  };

  Reveal.initialize({
    ...fit(),
    margin: 0.01, // reveal.js rounds the scale to hundredths
    center: false,
    hash: true,
    slideNumber: "c/t",
    transition: "none",
    backgroundTransition: "none",
    controlsTutorial: false,
    scrollActivationWidth: 0, // slides on a phone too, and no long page
    pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  });

  window.addEventListener("resize", () => Reveal.configure(fit()));
})();
