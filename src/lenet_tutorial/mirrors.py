"""The mirrors that MNIST is downloaded from, and a download that no mirror can spoil.

Whatever a server sends or leaves out, a download ends: at the size that is known and after the time
that is given. It is held in memory until its checksum was compared; only then it is written, beside
its place, and moved there.
"""

import ipaddress
import os
import re
import sys
import threading
import warnings
from pathlib import Path
from urllib.parse import urljoin

from ._inputs import why
from .files import write_whole

#: Where MNIST is downloaded from, unless ``LENET_TUTORIAL_MIRRORS`` names other places.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)

CONNECT_TIMEOUT = 10  # seconds to reach a server
READ_TIMEOUT = 20  # seconds without a byte
FILE_TIMEOUT = 600  # seconds for one file, however steadily it drips
MOVES = 5  # redirects that are followed


class DatasetError(ValueError):
    """A data set could not be loaded; the message says why and what to do."""


class MnistUnavailable(DatasetError):
    """Neither the cache nor any mirror has MNIST."""


# --------------------------------------------------------------------------- addresses


def check_mirrors(addresses):
    """Return mirrors' base addresses, each with a slash at its end, or say what is wrong with one.

    Parameters
    ----------
    addresses : sequence of str
        ``https://…``; or ``http://…`` on this machine itself: localhost, 127.0.0.1, [::1].

    Returns
    -------
    tuple of str

    Raises
    ------
    DatasetError
        If an address is of another kind.
    """
    for address in addresses:
        if not _is_safe(address):
            raise DatasetError(
                f"{address!r} is no mirror's address: it must begin with https:// "
                "(http:// only for localhost, 127.0.0.1 and [::1]) and name a host"
            )
    return tuple(f"{address.rstrip('/')}/" for address in addresses)


def chosen_mirrors():
    """Return the mirrors that ``LENET_TUTORIAL_MIRRORS`` names, else ``MIRRORS``.

    Returns
    -------
    tuple of str

    Raises
    ------
    DatasetError
        If an address is not encrypted, as :func:`check_mirrors` tells.
    """
    named = re.split(r"[\s,]+", os.environ.get("LENET_TUTORIAL_MIRRORS", ""))
    try:
        return check_mirrors([one for one in named if one]) or MIRRORS
    except DatasetError as error:
        raise DatasetError(f"LENET_TUTORIAL_MIRRORS: {error}") from None


# Stricter than a URL may be: what reads the address after this must find the same host in it.
ADDRESS = re.compile(
    r"(https?)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?(?:/[^\s\\]*)?", re.ASCII
)


def _is_safe(address):
    """Say whether what comes from an address comes encrypted, or from this machine."""
    parts = ADDRESS.fullmatch(address)
    return bool(parts) and (parts[1] == "https" or _is_here(address))


def _is_here(address):
    """Say whether an address is on the loopback interface."""
    name = host(address).strip("[]")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def host(address):
    """Return the host in an address that is one.

    Parameters
    ----------
    address : str
        As :func:`check_mirrors` takes it.

    Returns
    -------
    str
    """
    return ADDRESS.fullmatch(address)[2]


def import_pooch():
    """Import pooch without a word: in a kernel, tqdm would ask for IPython's widgets on stderr.

    Returns
    -------
    module
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pooch
        import requests  # noqa: F401 - pooch imports it when it downloads
    return pooch


# --------------------------------------------------------------------------- a download


def in_short(error):
    """Say in one line what went wrong: what requests says is long and names memory addresses.

    Parameters
    ----------
    error : Exception
        From :func:`get`, or from what was made of the bytes.

    Returns
    -------
    str
    """
    import requests

    if isinstance(error, requests.HTTPError):
        return f"status {error.response.status_code}"
    for kind, words in (
        (requests.exceptions.ProxyError, "the proxy can't be reached"),
        (requests.exceptions.SSLError, "its certificate can't be verified"),
        (requests.exceptions.Timeout, "no answer in time"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
        (requests.exceptions.ContentDecodingError, "what it sent can't be unpacked"),
        (requests.exceptions.ConnectionError, "can't be reached"),
        (requests.exceptions.RequestException, type(error).__name__),
    ):
        if isinstance(error, kind):
            return words
    return " ".join(str(error).split())


class _GivenUp(Exception):
    """A mirror does not keep to what is known of the file."""


class _Moved(Exception):
    """A mirror sends the reader to another address."""


def get(url, limit, progress):
    """Return what a mirror sends, in a thread of its own: it may drip, and block each read.

    Parameters
    ----------
    url : str
        Address of a file, at a mirror that :func:`check_mirrors` has passed.
    limit : int
        The most bytes that are read.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Returns
    -------
    bytes
        As they came; what a server has compressed on the way is unpacked.
    """
    body = _Body(url.rsplit("/", 1)[-1], limit, progress)
    caught = []

    def work():
        try:
            _follow(url, body)
        except BaseException as error:
            caught.append(error)

    import_pooch()  # imported here, and not by the thread
    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
        thread.join(FILE_TIMEOUT)
    finally:
        body.close()
    if thread.is_alive():
        raise _GivenUp(f"not finished after {FILE_TIMEOUT} seconds")
    if caught:
        raise caught[0]
    return bytes(body.data)


def _follow(url, body):
    """Download an address, and what it redirects to, into a body."""
    for _ in range(MOVES):
        here = _is_here(url)
        download = import_pooch().HTTPDownloader(
            progressbar=body,
            chunk_size=1 << 16,
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            headers={"Accept-Encoding": "identity"},  # the file is compressed already
            # requests would read what comes with a redirect to its end, however long it is.
            allow_redirects=False,
            hooks={"response": _stop_if_moved},
            proxies={"no_proxy": "localhost,127.0.0.1,::1"} if here else None,
        )
        try:
            return download(url, body, None)
        except _Moved as moved:
            url = str(moved)
            if not _is_safe(url) or (_is_here(url) and not here):
                raise _GivenUp(f"redirects to {url[:80]!r}, which is not encrypted") from None
    raise _GivenUp("redirects without an end")


def _stop_if_moved(response, **_):
    if response.is_redirect:
        response.close()
        raise _Moved(urljoin(response.url, response.headers["location"]))


class _Body:
    """What a mirror sends. pooch takes it for both the output file and the progress bar."""

    def __init__(self, name, limit, progress):
        from tqdm import tqdm

        shown = progress and sys.stderr is not None and sys.stderr.isatty()
        self.bar = tqdm(desc=name, unit="B", unit_scale=True, disable=not shown)
        self.data = bytearray()
        self.limit = limit
        self.closed = False

    @property
    def total(self):
        return self.bar.total

    @total.setter
    def total(self, value):
        self._allow(value)
        self.bar.total = value or None

    def write(self, chunk):
        if self.closed:
            raise _GivenUp("nobody waits for it any more")
        self._allow(len(self.data) + len(chunk))
        self.data += chunk
        self.bar.update(len(chunk))

    def _allow(self, size):
        if size > self.limit:
            raise _GivenUp(f"sends more than {self.limit} bytes, the most that the file can have")

    def flush(self):
        pass

    def update(self, count):
        pass  # it knows better: pooch counts whole chunks

    def reset(self):
        pass

    def close(self):
        self.closed = True
        self.bar.close()


# --------------------------------------------------------------------------- the cache


def cache_folder():
    """Return the folder for downloads: ``$LENET_TUTORIAL_CACHE``, else the user's cache.

    Raises
    ------
    MnistUnavailable
        If the user has no home, and so no cache.
    """
    named = os.environ.get("LENET_TUTORIAL_CACHE")
    if named:
        return Path(named)
    try:
        folder = import_pooch().os_cache("lenet_tutorial")
    except RuntimeError:  # an older platformdirs gives back a "~" that stands for nobody's home
        folder = Path("~")
    if not folder.is_absolute():
        raise MnistUnavailable("there is no home for a cache: name one in LENET_TUTORIAL_CACHE")
    return folder


def be_ready(folder):
    """Make the folder, or find out that it can't be written before anything is downloaded.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    OSError
        If the folder can't be made, or not be written.
    ValueError
        If it is no folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ValueError("it is no folder") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError("Permission denied")


# --------------------------------------------------------------------------- one file


def download(mirrors, name, limit, accept, path, progress):
    """Get one file from the first mirror that has a good one, keep it, and return what it holds.

    It is held in memory until it was accepted. Only then is it written, and moved to its place: a
    broken download never takes the place of a good file, and two processes at once both end with a
    good one.

    Parameters
    ----------
    mirrors : sequence of str
        Base addresses, tried in turn.
    name : str
        Of the file on the mirrors.
    limit : int
        Bytes after which a download is given up.
    accept : callable
        Takes the bytes that were sent; returns the bytes to keep and what they hold, or raises.
    path : pathlib.Path
        Where they are kept.
    progress : bool
        Draw a progress bar, where stderr is a terminal.

    Returns
    -------
    object
        What `accept` said that the file holds.

    Raises
    ------
    DatasetError
        If no mirror delivers a good file, or it can't be written; with the reasons, and empty
        without a mirror.
    """
    reasons = []
    try:
        if mirrors:
            be_ready(path.parent)
        for mirror in mirrors:
            try:
                kept, held = accept(get(f"{mirror}{name}", limit, progress))
            except Exception as error:  # whatever a server does, the next one may do better
                reasons.append(f"{host(mirror)}: {in_short(error)}")
            else:
                write_whole(path, lambda file, data=kept: file.write(data), careful=False)
                return held
    except (OSError, ValueError) as error:
        reasons.append(f"can't write to {path.parent}: {why(error, named=False)}")
    raise DatasetError("; ".join(reasons))
