/* A figure, or the button behind it, opens it in its own size: a box that scrolls, over the page.
   Escape, the button and a press beside the figure close it; the page stands as it stood. */
"use strict";

/* The pictures before a button: a figure's light and its dark form, of which the style shows one. */
function picturesOf(button) {
  const pictures = [];
  for (let one = button.previousElementSibling; one?.matches("img");) {
    pictures.unshift(one);
    one = one.previousElementSibling;
  }
  return pictures;
}

function enlarge(pictures, word) {
  const box = document.createElement("dialog");
  box.className = "enlarged";
  box.setAttribute("aria-label", pictures[0].alt);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = word;
  const view = document.createElement("div");
  view.tabIndex = 0;
  view.setAttribute("role", "group");
  view.setAttribute("aria-label", pictures[0].alt);
  for (const picture of pictures) {
    const large = picture.cloneNode();
    large.classList.remove("can-grow", "wide");
    view.append(large);
  }
  box.append(close, view);
  close.addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => event.target === box && box.close());
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

for (const button of document.querySelectorAll("button.enlarge")) {
  const pictures = picturesOf(button);
  const open = () => enlarge(pictures, button.dataset.close);
  button.hidden = false;
  button.parentElement.classList.add("has-enlarge");
  button.addEventListener("click", open);
  for (const picture of pictures) {
    picture.classList.add("can-grow");
    picture.addEventListener("click", open);
  }
}
