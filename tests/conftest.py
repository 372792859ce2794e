"""Settings for all tests, and the built site in a browser."""

import contextlib
import os
import time

import browsing
import pytest
from chromium import BROWSER, FLAGS
from hypothesis import settings
from mirror import arrays, serve, small  # noqa: F401 - fixtures

# Same examples in every run: a failure is a change in the code. No deadline: machines differ.
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id):
    """Return a function that lets the first process of the run that asks make a folder for all.

    It takes a name and a function of the folder. What fails there fails for all that ask.
    """
    from lenet_tutorial.training.lock import Lock, LockedError

    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def get(name, make):
        folder, end = shared / name, shared / f"{name}.end"
        while not end.exists():
            with contextlib.suppress(LockedError), Lock(shared / f"{name}.lock", name):
                if not end.exists():
                    folder.mkdir(exist_ok=True)
                    try:
                        make(folder)
                    except AssertionError as error:
                        (shared / f"{name}.fault").write_text(str(error), encoding="utf-8")
                    end.touch()
            time.sleep(0.1)
        fault = shared / f"{name}.fault"
        assert not fault.exists(), fault.read_text(encoding="utf-8")
        return folder

    return get


@pytest.hookimpl(tryfirst=True)  # before the marks are looked at
def pytest_collection_modifyitems(items):
    """Count a test that takes the site among those of the book: `make quick` builds none."""
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker("book")


@pytest.fixture(scope="session")
def site(once):
    """Build the book anew, once for all processes, with warnings as errors; return its site.

    Nobody changes what lies there.
    """
    strict = ("--all", "-W", "-n", "--keep-going")
    return once("book", lambda folder: browsing.build(folder, *strict)) / "_build" / "html"


@pytest.fixture(scope="session")
def server(site):
    """Serve the site on a free port of the loopback address, as if it were the site's own."""
    with browsing.serve(site, browsing.PREFIX, "/") as address:
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
