/* Scripts with data, which are loaded when they are asked for: a page that was opened from a folder
   may load scripts and nothing else. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const HERE = document.currentScript.src.replace(/[^/]*$/, ""); // the folder of this script
  const loading = {};

  /** Load a script once; a failed one can be tried again. `path` begins at this folder. */
  function load(path) {
    loading[path] =
      loading[path] ||
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = HERE + path;
        script.onload = () => resolve(script.remove());
        script.onerror = () => {
          script.remove();
          delete loading[path];
          reject(new Error(LeNet.say("files.missing", { file: path })));
        };
        document.head.append(script);
      });
    return loading[path];
  }

  /** Load a style sheet once; without it all works, and is less handsome. */
  function style(path) {
    loading[path] =
      loading[path] ||
      new Promise((resolve) => {
        const link = document.createElement("link");
        Object.assign(link, { rel: "stylesheet", href: HERE + path });
        link.onload = link.onerror = resolve;
        document.head.append(link);
      });
    return loading[path];
  }

  LeNet.files = {
    /** The address of the explorer's own page. */
    page: HERE.replace(/_static\/explorer\/$/, "book/explorer.html"),

    /** Load a script of weights. */
    load: (file) => load(`weights/${file}`),

    /** Load a joined script. */
    script: (name) => load(`${name}.js`),

    /** Load the joined styles and scripts of a program. */
    program: (name) => Promise.all([style(`${name}.css`), load(`${name}.js`)]),
  };
})();
