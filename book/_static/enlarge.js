/* A figure, or the button behind it, opens it in its own size: a box that scrolls, over the page.
   Escape, the button and a press beside the figure close it; the page stands as it stood. */
"use strict";

function enlarge(picture, word) {
  const box = document.createElement("dialog");
  box.className = "enlarged";
  box.setAttribute("aria-label", picture.alt);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = word;
  const view = document.createElement("div");
  view.tabIndex = 0;
  view.setAttribute("role", "group");
  view.setAttribute("aria-label", picture.alt);
  const large = new Image(
    Number(picture.getAttribute("width")),
    Number(picture.getAttribute("height")),
  );
  large.src = picture.currentSrc || picture.src;
  large.alt = picture.alt;
  view.append(large);
  box.append(close, view);
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => event.target === box && box.close());
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

for (const button of document.querySelectorAll("button.enlarge")) {
  const picture = button.previousElementSibling;
  button.hidden = false;
  picture.classList.add("can-grow");
  picture.parentElement.classList.add("has-enlarge");
  button.addEventListener("click", () => enlarge(picture, button.dataset.close));
  picture.addEventListener("click", () => enlarge(picture, button.dataset.close));
}
