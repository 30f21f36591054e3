"""What the tests of secondwind.exe share: Wine, a folder and a free port for each."""

import contextlib
import json
import pathlib
import socket
import tempfile
import time
import unittest

import wine
from harness import PATIENCE, binary_test, client, run


def setUpModule():
    wine.skip_without_wine()
    wine.start()
    unittest.addModuleCleanup(wine.end)
    first = run("--version")
    if first.returncode != 0:
        raise AssertionError(f"secondwind.exe does not start: {first}")


CHAT = "/v1/chat/completions"
PORTS = iter(range(21500, 22000))


def free_port():
    """A port that is not one of those that outgoing connections get, and none that was given out
    before: Wine refuses to listen on one that some connection had lately."""
    for port in PORTS:
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def request(method, path, body=b""):
    return (
        f"{method} {path} HTTP/1.1\r\nHost: proxy\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def select_nothing():
    """A file tells nobody that it grows."""
    time.sleep(0.02)


def logged(file, name):
    """The first event of that name in a log file."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError, ValueError):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.startswith("{") and json.loads(line).get("event") == name:
                    return json.loads(line)
        select_nothing()
    raise AssertionError(f"{name} is not in {file}")


class in_a_folder(binary_test):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, name, **settings):
        """The Windows path of a configuration."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
        return wine.windows_path(file)

    def answered(self, lm, at):
        with client(at) as app:
            app.send(request("GET", "/v1/models"))
            peer, _ = lm.take()
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            return app.until(b"ok")[-2:]
