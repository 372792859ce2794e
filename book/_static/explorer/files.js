/* Scripts with data, which are loaded when they are asked for: a page that was opened from a folder
   may load scripts and nothing else. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const HERE = document.currentScript.src.replace(/[^/]*$/, ""); // the folder of this script
  const loading = {};

  LeNet.files = {
    /** The address of the explorer's own page. */
    page: HERE.replace(/_static\/explorer\/$/, "book/explorer.html"),

    /** Load a script of weights, or another one beside their folder, once; a failed one can be tried again. */
    load(file) {
      loading[file] =
        loading[file] ||
        new Promise((resolve, reject) => {
          const script = document.createElement("script");
          script.src = HERE + "weights/" + file;
          script.async = false; // in the order in which they are asked for
          script.onload = () => resolve(script.remove());
          script.onerror = () => {
            script.remove();
            delete loading[file];
            const name = `weights/${file}`.replace("weights/../", "");
            reject(new Error(LeNet.say("files.missing", { file: name })));
          };
          document.head.append(script);
        });
      return loading[file];
    },

    /** Load a style sheet of the explorer's once; without it all works, and is less handsome. */
    style(name) {
      loading[name] =
        loading[name] ||
        new Promise((resolve) => {
          const link = document.createElement("link");
          Object.assign(link, { rel: "stylesheet", href: `${HERE}${name}.css` });
          link.onload = link.onerror = resolve;
          document.head.append(link);
        });
      return loading[name];
    },
  };
})();
