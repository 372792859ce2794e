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

  /** Let the browser fetch a script before it is its turn. */
  const fetchEarly = (path) =>
    document.head.append(
      Object.assign(document.createElement("link"), {
        ...{ rel: "preload", as: "script", href: HERE + path },
      }),
    );

  LeNet.files = {
    /** The address of the explorer's own page. */
    page: HERE.replace(/_static\/explorer\/$/, "book/explorer.html"),

    /** Load a script of weights. */
    load: (file) => load(`weights/${file}`),

    /** Load scripts that build on one another, in their order. Where one fails, those after it are
        not run: the next try goes on with the one that failed. */
    async scripts(names) {
      const paths = names.map((name) => `${name}.js`);
      paths.filter((path) => !loading[path]).forEach(fetchEarly);
      for (const path of paths) await load(path);
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
