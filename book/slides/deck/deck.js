/* Starts reveal.js, and copies the link to the slide that is shown. On a phone held upright a slide is
   as tall as the phone. */
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

  // The address bar holds the link already; who shows the slides in full screen does not see it.
  const share = document.querySelector(".share");
  const [button, status] = share.children;
  button.addEventListener("click", async () => {
    const { h } = Reveal.getIndices(); // reveal.js writes the address a little later
    const slide = h ? `#/${h}` : "";
    try {
      await navigator.clipboard.writeText(location.href.split("#")[0] + slide);
      status.textContent = button.dataset.copied;
    } catch {
      status.textContent = button.dataset.byHand;
    }
  });
  button.addEventListener("keydown", (event) => event.stopPropagation()); // space presses it
  Reveal.on("slidechanged", () => (status.textContent = ""));
  if (window.self !== window.top) share.remove(); // in the speaker's window
})();
