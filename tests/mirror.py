"""A small stand-in for MNIST, with checksums of its own, and servers on the loopback address."""

import gzip
import hashlib
import http.server
import struct
import threading

import numpy as np
import pytest

from lenet_tutorial import mnist


def idx(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


@pytest.fixture
def arrays():
    draw = np.random.default_rng(0).integers
    return {
        "x_train": draw(0, 256, (30, 28, 28), np.uint8),
        "y_train": draw(0, 10, 30, np.uint8),
        "x_test": draw(0, 256, (10, 28, 28), np.uint8),
        "y_test": draw(0, 10, 10, np.uint8),
    }


@pytest.fixture
def small(arrays, monkeypatch):
    """Put a small stand-in in MNIST's place; return {file name: bytes of the .gz}."""
    files, served = {}, {}
    for key, (name, _, _) in mnist.MNIST_FILES.items():
        data = idx(arrays[key])
        files[key] = (name, hashlib.sha256(data).hexdigest(), arrays[key].shape)
        served[f"{name}.gz"] = gzip.compress(data)
    monkeypatch.setattr(mnist, "MNIST_FILES", files)
    return served


@pytest.fixture
def serve():
    """Return a function that starts a server from a handler function, and gives its address."""
    servers = []

    def start(answer, context=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self, self.path.rsplit("/", 1)[-1])

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        scheme = "https" if context else "http"
        return f"{scheme}://127.0.0.1:{server.server_address[1]}/mnist/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def give(handler, data, status=200, kind="application/gzip", length=None):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data) if length is None else length))
    handler.end_headers()
    handler.wfile.write(data)
