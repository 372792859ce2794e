/* What is loaded when a reader asks for it: a button stands in its place.

   A page that holds an element with data-when="asked" carries this script and the name of the files
   that the element needs (data-files, see book/_ext/explorer.py). They come with the click, and so
   do the weights. A link to a drawing asks for the explorer, too. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { files, say } = LeNet;
  const { make } = LeNet.widgets;
  const LINK = "#lenet="; // as in links.js
  const PROGRAMS = {
    "lenet-explorer": {
      offer: () => [say("explorer.load"), say("explorer.loadWhat")],
      start: (root) => LeNet.explorer.start(root),
      asked: () => location.hash.startsWith(LINK),
    },
    "lenet-compute": {
      offer: ({ layer }) => [say("compute.offer", { layer }), say("compute.offered")],
      start: (root) => LeNet.compute.start(root),
      asked: () => false,
    },
  };

  function offer(root, { offer, start, asked }) {
    const [text, what] = offer(root.dataset);
    const note = make("span", { role: "status" }, ` ${what}`);
    const button = make("button", { type: "button", class: "lx-load" }, text);
    async function begin() {
      button.disabled = true;
      try {
        await files.program(root.dataset.files);
        const started = start(root);
        // The button that had the focus is gone, at once or when the weights are there.
        if (!button.isConnected) root.querySelector("button:enabled").focus();
        await started;
      } catch (error) {
        button.disabled = false;
        button.textContent = say("asked.again");
        note.textContent = ` ${say("asked.trouble", { why: error.message })}`;
      }
    }
    button.addEventListener("click", begin);
    root.classList.add("lx-on");
    root.replaceChildren(button, note, root.querySelector("template"));
    if (asked()) begin();
  }

  for (const root of document.querySelectorAll('[data-when="asked"]'))
    for (const [name, program] of Object.entries(PROGRAMS))
      if (root.classList.contains(name)) offer(root, program);
})();
