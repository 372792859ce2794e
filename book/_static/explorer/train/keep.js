/* What remains of a training: kept in this browser, downloaded for the command line, or shared as a
   link to its settings. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { kept, say } = LeNet;
  const { copyText, make } = LeNet.widgets;

  /** Hand a file to the reader. */
  function hand(blob, name) {
    const href = URL.createObjectURL(blob);
    const link = make("a", { href, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(href), 60000);
  }

  /** Give life to the download of weights. */
  function downloads(parts, run, note) {
    parts.download.addEventListener("click", async () => {
      parts.command.hidden = true;
      try {
        const made = await LeNet.train.file(run.network, run.settings);
        hand(made.blob || new Blob([made.bytes || made]), made.name || "lenet.npz");
        const name = made.name || "lenet.npz";
        parts.command.textContent = say("trainer.download.line", { name });
        parts.command.hidden = false;
        note(say("trainer.download.done", { name }));
      } catch (error) {
        note(say("trainer.download.failed", { why: error.message }));
      }
    });
  }

  /** Give life to the link; on the page itself the address bar gets it, too. */
  function links(parts, run, note) {
    parts.share.addEventListener("click", async () => {
      const address = location.href.split("#")[0] + LeNet.trainLink.write(run.settings);
      history.replaceState(null, "", address);
      parts.link.value = address;
      parts.linkRow.hidden = false;
      const copied = await copyText(address, () => parts.link.select());
      note(copied ? say("trainer.share.copied") : say("trainer.share.copy"));
    });
  }

  /** Say of a kept network when it was kept, and how well it reads. */
  function about({ when, about: { accuracy, seen } }) {
    const date = new Date(when).toISOString().slice(0, 10);
    if (!Number.isFinite(accuracy)) return say("trainer.kept.when", { date });
    const { grouped, percent } = LeNet.curves;
    return say("trainer.kept.what", { date, right: percent(accuracy), seen: grouped(seen || 0) });
  }

  /** Show the list of what is kept. `use` draws on one of them. */
  function showList(parts, use, note) {
    const again = () => showList(parts, use, note);
    const button = (text, label, onclick) =>
      make("button", { type: "button", "aria-label": label, onclick }, text);
    const remove = (one) => () => {
      kept.remove(one.id);
      note(say("trainer.kept.removed", { name: one.name }));
      again();
      (parts.keptList.querySelector("button") || parts.keep).focus();
    };
    const entries = kept.list().map((one) =>
      make(
        "li",
        {},
        make("strong", {}, one.name),
        ` (${about(one)}) `,
        button(say("trainer.kept.draw"), say("trainer.kept.drawOn", one), () => use(one.id)),
        " ",
        button(say("trainer.kept.remove"), say("trainer.kept.removeIt", one), remove(one)),
      ),
    );
    const damaged = kept.damaged();
    parts.keptList.replaceChildren(...entries);
    parts.kept.hidden = entries.length + damaged.length === 0;
    parts.keptNote.hidden = damaged.length === 0;
    const clean = () => {
      damaged.forEach(kept.remove);
      again();
    };
    const sweep = button(say("trainer.kept.sweep"), null, clean);
    parts.keptNote.replaceChildren(
      say("trainer.kept.damaged", { count: damaged.length }),
      " ",
      sweep,
    );
  }

  /** Let the reader keep the network under a name. */
  function keeping(parts, run, note, show) {
    const { grouped } = LeNet.curves;
    parts.keep.addEventListener("click", () => {
      parts.nameRow.hidden = false;
      const seen = grouped(run.last?.seen || 0);
      parts.name.value = say("trainer.keep.usual", { activation: run.settings.activation, seen });
      parts.name.select();
    });
    const keep = () => {
      const name = parts.name.value.trim();
      if (!name) return;
      const { settings, last } = run;
      try {
        kept.save(name, run.network, { settings, seen: last?.seen, accuracy: run.accuracy });
        parts.nameRow.hidden = true;
        note(say("trainer.keep.done", { name }));
      } catch (error) {
        note(error.message);
      }
      show();
    };
    parts.keepIt.addEventListener("click", keep);
    parts.name.addEventListener("keydown", (event) => event.key === "Enter" && keep());
  }

  /** Give life to what stands below the training. `use` draws on a kept network. */
  LeNet.keep = function (parts, run, use) {
    const note = (text) => (parts.note.textContent = text);
    const useKept = (id) => {
      try {
        use(kept.load(id));
      } catch (error) {
        note(error.message);
      }
    };
    const show = () => showList(parts, useKept, note);
    downloads(parts, run, note);
    links(parts, run, note);
    keeping(parts, run, note, show);
    show();
  };
})();
