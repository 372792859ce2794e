"""How soon does "Watch it learn" read 95 and 97.5 % of the held-out digits? ``scripts/pace.py``.

It opens the page of a built book (``make book``) in Chromium, trains a network for each seed, and
prints for both marks the digits seen, the seconds that the worker computed, and those on the clock;
then what the worker's time went into, and how much of the clock's time the page itself was busy.
Run it on a machine that has nothing else to do. ``--settings rate:0.003,batch:32`` changes the
usual settings, as a link to the page names them.
"""

import argparse
import sys
from pathlib import Path

from chromium import BROWSER, FLAGS

ROOT = Path(__file__).parent.parent
MARKS = (0.95, 0.975)

#: In the page: the worker says now and then what its time went into.
WATCH = """() => {
    window.spent = {};
    LeNet.workerParts.push(`(LeNet) => {
        const make = LeNet.newLearner, spent = { learn: 0, right: 0, numbers: 0 };
        LeNet.newLearner = (...given) => {
            const learner = make(...given);
            for (const name of Object.keys(spent)) {
                const work = learner[name];
                learner[name] = (...all) => {
                    const begun = performance.now();
                    const result = work(...all);
                    spent[name] += performance.now() - begun;
                    if (name === "right") postMessage({ type: "pace", spent });
                    return result;
                };
            }
            return learner;
        };
    }`);
    const { run } = LeNet.trainer, told = (window.told = []);
    let begun = null;
    run.on("state", (state) => { if (state === "running") begun ??= performance.now(); });
    run.on("start", () => run.handle.worker.addEventListener("message", ({ data }) => {
        if (data.type === "pace") window.spent = data.spent;
    }));
    run.on("progress", ({ seen, seconds }) => told.push(
        [seen, seconds, (performance.now() - begun) / 1000, run.accuracy]));
}"""


def train(browser, address, most):
    """Train one network; return what was told, the worker's times and the page's share."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address)
    page.evaluate(WATCH)
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable")

    def busy():
        found = metrics.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in found if one["name"] == "TaskDuration")

    page.click("[data-lx=go]")
    while not page.evaluate("told.length"):
        page.wait_for_timeout(50)
    before = busy(), page.evaluate("performance.now()") / 1000
    ends = f"told.at(-1)[3] >= {MARKS[-1]} || told.at(-1)[0] >= {most}"
    while not page.evaluate(ends):
        page.wait_for_timeout(200)
    after = busy(), page.evaluate("performance.now()") / 1000
    told, spent = page.evaluate("[told, spent]")
    page.close()
    return told, spent, (after[0] - before[0]) / (after[1] - before[1])


def main():
    """Train a network for each seed; print a line for each."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many; by default 3")
    parser.add_argument("--settings", default="", help="as in a link: rate:0.003,batch:32")
    parser.add_argument("--most", type=int, default=100_000, help="digits, where a run is ended")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html")
    options = parser.parse_args()
    page = options.site.resolve() / "book" / "learn.html"
    if not BROWSER or not page.is_file():
        sys.exit("needs Chromium and a built book: apt-get install chromium; make book")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        for seed in range(options.seeds):
            named = [one for one in (options.settings, f"seed:{seed}") if one]
            address = f"{page.as_uri()}#train={','.join(named)}"
            told, spent, share = train(browser, address, options.most)
            line = [f"seed {seed}"]
            for mark in MARKS:
                hit = next((one for one in told if (one[3] or 0) >= mark), None)
                words = "{:.0f} digits, {:.1f} s computed, {:.1f} s on the clock"
                line.append(f"{mark:.1%}: " + (words.format(*hit) if hit else "not reached"))
            whole = sum(spent.values())
            parts = ", ".join(f"{name} {one / whole:.0%}" for name, one in spent.items())
            line += [f"worker: {parts}", f"page busy {share:.0%}"]
            print("; ".join(line), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
