"""Settings for all tests, and the built site in a browser."""

import os
import subprocess
import sys
from pathlib import Path

import browsing
import pytest
from chromium import BROWSER, FLAGS
from hypothesis import settings
from mirror import arrays, serve, small  # noqa: F401 - fixtures

ROOT = Path(__file__).parent.parent

# Same examples in every run: a failure is a change in the code. No deadline: machines differ.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Build the book anew, with warnings as errors, and return the folder of the site."""
    folder = tmp_path_factory.mktemp("book")
    program = Path(sys.executable).parent / "jupyter-book"
    command = [str(program), "build", "--all", "-W", "-n"]
    command += ["--keep-going", "--path-output", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    html = folder / "_build" / "html"
    assert (html / "index.html").is_file()
    return html


@pytest.fixture(scope="session")
def server(site):
    """Serve the site on a free port of the loopback address."""
    with browsing.serve(site) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """Start Debian's Chromium; where it is missing, say in one line what to install."""
    if not BROWSER:
        if os.environ.get("LENET_TUTORIAL_REQUIRE_BROWSER"):
            pytest.fail("chromium is required here and missing: apt-get install chromium")
        pytest.skip("no chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield started
        started.close()
