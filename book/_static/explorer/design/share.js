/* The calculator's links: writing them, and reading the one in the page's address. */
(function () {
  "use strict";
  const LeNet = (window.LeNet = window.LeNet || {});
  const { say } = LeNet;
  const { links } = LeNet.design;

  const page = () => location.href.split("#")[0];

  /** Let a button show and copy a link. `write` returns the fragment, or null where there is none. */
  function offer({ share, linkRow, link, linkNote }, write) {
    share.addEventListener("click", async () => {
      const fragment = write();
      linkRow.hidden = false;
      link.hidden = !fragment;
      linkNote.textContent = fragment ? "" : say("calculator.link.none");
      if (!fragment) return;
      const address = `${page()}#${fragment}`;
      link.value = address;
      history.replaceState(null, "", address);
      const copied = await LeNet.widgets.copyText(address, () => link.select());
      linkNote.textContent = copied ? say("calculator.link.copied") : say("calculator.link.byHand");
    });
  }

  /** Give both parts of the calculator their links; `one` and `list` are null where one is missing. */
  LeNet.shareDesigns = function (parts, one, list) {
    if (one) {
      const named = { share: parts.shareOne, linkRow: parts.oneLinkRow };
      offer({ ...named, link: parts.oneLink, linkNote: parts.oneLinkNote }, () =>
        one.fits() ? links.writeOne(one.read()) : null,
      );
    }
    if (list) offer(parts, () => (links.canWrite(list.now()) ? links.write(list.now()) : null));

    function read() {
      if (!links.isMine(location.hash)) return;
      parts.notice.hidden = true;
      try {
        const layer = one && links.readOne(location.hash);
        const given = list && links.read(location.hash);
        if (layer) one.load(layer);
        if (given) list.load(given);
        const target = given ? parts.list : layer ? parts.one : null;
        target?.scrollIntoView({ block: "start", behavior: "auto" });
      } catch {
        parts.notice.hidden = false;
        parts.notice.textContent = say("calculator.link.broken");
      }
    }
    window.addEventListener("hashchange", read);
    read();
  };
})();
