"""Which digits a test run uses is decided once, before it begins, for all chapters and tests.

Else each chapter would look for itself: a run could change its data half-way, when a network comes
or goes, and the loader's notice would land in an output. Where notebooks run, MNIST is downloaded
if it must; where only tests run, nothing is.
"""

import functools
import os

import pytest

DATA = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)  # before xdist starts its workers, which take the settings over
def pytest_sessionstart(session):
    """Decide, in the process that controls the run, and tell the workers and the kernels."""
    config = session.config
    if hasattr(config, "workerinput"):
        return
    config.option.loadscopereorder = False  # see LONGEST
    with_notebooks = any(getattr(config.option, name, False) for name in ("nbval", "nbval_lax"))
    settings = pytest.MonkeyPatch()
    config.add_cleanup(settings.undo)
    for name in ("LENET_TUTORIAL_DATA", "LENET_TUTORIAL_CACHE"):
        if os.environ.get(name):  # a kernel runs in the folder of its chapter
            path = os.path.join(config.invocation_params.dir, os.environ[name])
            settings.setenv(name, os.path.normpath(path))
    name, config.stash[DATA] = choose(with_notebooks and not config.option.collectonly)
    if name:
        settings.setenv("LENET_TUTORIAL_DATASET", name)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell a worker what xdist itself does not hand on."""
    node.workerinput["reorder"] = node.config.option.loadscopereorder


def choose(download):
    """Say which data set the run uses, or None where that is left open, and why."""
    try:
        from lenet_tutorial.datasets import DatasetError, MnistUnavailable, load_mnist
    except ImportError as error:
        advice = "python -m pip install --editable '.[book,test]'"
        raise pytest.UsageError(
            f"the book's package can't be imported ({error}): {advice}"
        ) from None

    asked = os.environ.get("LENET_TUTORIAL_DATASET") or "auto"
    if asked == "digits":
        return "digits", "scikit-learn's, because of LENET_TUTORIAL_DATASET=digits"
    if asked not in ("auto", "mnist"):
        raise pytest.UsageError(f"LENET_TUTORIAL_DATASET={asked}: it takes mnist, digits or auto")
    try:
        digits = load_mnist(mirrors=None if download else (), progress=False)
    except MnistUnavailable as error:
        if asked == "auto":
            why = error if download else "no folder, not in the cache, and nothing is downloaded"
            return "digits", f"scikit-learn's, since MNIST is not to be had ({why})"
        if download:
            raise pytest.UsageError(f"LENET_TUTORIAL_DATASET=mnist: {error}") from None
        return None, "MNIST, because of LENET_TUTORIAL_DATASET=mnist, and it is not here yet"
    except DatasetError as error:
        raise pytest.UsageError(str(error)) from None
    where = {
        "folder": f"from {os.environ.get('LENET_TUTORIAL_DATA')}, because of LENET_TUTORIAL_DATA",
        "cache": "from the cache",
        "download": "downloaded into the cache",
    }
    return "mnist", f"MNIST, {where[digits.origin]}"


#: The files that take longest, longest first. In a run of several processes they are begun in this
#: order, so that none is left with a long file at the end. The second one must need no site: while
#: one process builds it, the others have something else to do.
LONGEST = """
tests/test_pages.py chapters/07-why-it-works.ipynb tests/test_parallel.py tests/test_cli.py
tests/test_explorer.py tests/test_backup.py tests/test_backends.py tests/test_slides.py
chapters/11-training-faster-and-better.ipynb chapters/12-beyond-one-machine.ipynb
tests/test_datasets.py tests/test_zh.py tests/test_recipes.py
chapters/08-as-published-1998.ipynb chapters/09-1989-in-code.ipynb
chapters/solutions/13-build-it-yourself.ipynb
""".split()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Put the files that take longest first, where several processes share them out."""
    if hasattr(config, "workerinput"):
        rank = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(rank)))


def pytest_report_header(config):
    """Say which data the run uses, and why."""
    return f"digits: {config.stash[DATA]}" if DATA in config.stash else None


@functools.cache
def without_mnist():
    """Say why a test that needs MNIST can't run here, or return None; nothing is downloaded."""
    if os.environ.get("LENET_TUTORIAL_DATASET") == "digits":
        return "this run uses scikit-learn's digits"
    from lenet_tutorial.datasets import DatasetError, load_mnist

    try:
        load_mnist(mirrors=())
    except DatasetError as error:
        return f"no MNIST here: {error}"
    return None


@functools.cache
def without_zip():
    """Say why a test that needs the zip codes can't run here, or return None."""
    from lenet_tutorial.zipcodes import DatasetError, load_zipcodes

    try:
        load_zipcodes(mirrors=())
    except DatasetError as error:
        return f"no zip codes here: {error}"
    return None


def pytest_runtest_setup(item):
    """Skip what needs MNIST where the run uses other digits, or has none; so for the zip codes."""
    for marker, without in (("mnist", without_mnist), ("zip", without_zip)):
        if item.get_closest_marker(marker) and (why := without()):
            pytest.skip(why)
