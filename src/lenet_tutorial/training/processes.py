"""Processes that live as long as a ``with`` block, and what they are told of their surroundings."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LAST_LINES = 15  # of a dead worker's stderr are shown


class WorkerError(RuntimeError):
    """A worker died or took too long; the message shows its last words."""


def surroundings(own, given):
    """Return the environment variables of a worker.

    Workers talk to each other over the loopback address, which no proxy can reach. gRPC asks any
    proxy that is set, and would wait for its answer.

    Parameters
    ----------
    own : dict
        Variables of this worker.
    given : mapping
        Variables of this process.

    Returns
    -------
    dict
        Those of this process, with the worker's own instead where both have one, and with the
        loopback address added to the hosts that are asked without a proxy.
    """
    # Its last words are read as UTF-8; and it draws nothing, whatever it is told to draw with.
    found = {**given, **own, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "agg"}
    asked = found.get("no_proxy") or found.get("NO_PROXY") or ""
    for name in ("no_proxy", "NO_PROXY", "no_grpc_proxy"):  # gRPC looks into the last one first
        hosts = (found.get(name) or asked).split(",")
        hosts = [host.strip() for host in hosts if host.strip()]
        if hosts != ["*"] or name == "no_grpc_proxy":  # a star is all; gRPC does not know it
            hosts += [host for host in LOOPBACK if host not in hosts]
        found[name] = ",".join(hosts)
    return found


class Workers:
    """Worker processes that live as long as a ``with`` block, and not a moment longer.

    Parameters
    ----------
    module : str
        What each one runs, as ``python -m`` takes it, with two arguments: the folder and the
        number of the worker.
    folder : str or pathlib.Path
        Where the workers find their job and leave their results; ``stderr-N.txt`` is written there.
    environments : list of dict
        One for each worker: variables on top of those of this process.

    Attributes
    ----------
    processes : list
        Of ``subprocess.Popen``, once they run.
    """

    def __init__(self, module, folder, environments):
        self.module = module
        self.folder = Path(folder)
        self.environments = environments
        self.processes = []

    def __enter__(self):
        try:
            for index, extra in enumerate(self.environments):
                with (self.folder / f"stderr-{index}.txt").open("wb") as errors:
                    started = subprocess.Popen(
                        [sys.executable, "-m", self.module, str(self.folder), str(index)],
                        env=surroundings(extra, os.environ),
                        # Nobody writes to it. It closes when this process ends, even by SIGKILL.
                        stdin=subprocess.PIPE,
                        stdout=errors,
                        stderr=errors,
                        # An interrupt at the keyboard goes to this process alone.
                        start_new_session=True,
                    )
                self.processes.append(started)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End all workers that still run, and wait until they are gone."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
            process.stdin.close()

    def wait(self, timeout):
        """Wait until all workers have ended well.

        Parameters
        ----------
        timeout : float
            Seconds for all of them together.

        Raises
        ------
        WorkerError
            As soon as one has died, without waiting for the others (they would wait for it
            forever), or when the time is up.
        """
        deadline = time.monotonic() + timeout
        while True:
            codes = [process.poll() for process in self.processes]
            dead = [index for index, code in enumerate(codes) if code not in (None, 0)]
            if dead:
                self.stop()
                raise WorkerError("\n".join(self.last_words(index, codes[index]) for index in dead))
            if all(code == 0 for code in codes):
                return
            if time.monotonic() > deadline:
                running = [index for index, code in enumerate(codes) if code is None]
                self.stop()
                words = "\n".join(self.last_words(index, None) for index in running)
                raise WorkerError(f"not finished after {timeout:g} s\n{words}")
            time.sleep(0.05)

    def last_words(self, index, code):
        """Return how a worker ended, and the last lines that it wrote to stderr.

        Parameters
        ----------
        index : int
            Which worker.
        code : int or None
            Its exit code; negative is a signal, None that it still ran.

        Returns
        -------
        str
        """
        if code is None:
            how = "was still at work"
        elif code < 0:
            how = f"was ended by {signal.Signals(-code).name}"
        else:
            how = f"ended with exit code {code}"
        text = (self.folder / f"stderr-{index}.txt").read_text("utf-8", errors="replace")
        lines = [line for line in text.splitlines() if line.strip()][-LAST_LINES:]
        said = "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing to stderr)"
        return f"worker {index} of {len(self.processes)} {how}\n{said}"
