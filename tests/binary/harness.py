"""Runs the real executable and observes its output, its answers and its exit code.

BINARY_UNDER_TEST names the executable. Nothing here sleeps: every wait is for an event, and its
bound is there so that a fault ends a test instead of hanging it.
"""

import contextlib
import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import unittest

BINARY = os.environ["BINARY_UNDER_TEST"]
PATIENCE = 30  # seconds


def clean_environment(extra=None):
    """The environment without settings of the program that the caller's shell may bear."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SECONDWIND_")}
    return {**kept, **(extra or {})}


def run(*arguments, env=None):
    """Runs the program to its end."""
    return subprocess.run(
        [BINARY, *arguments],
        env=clean_environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class process:
    """A program that runs until it is told to stop; killed, if all else fails, with its context."""

    def __init__(self, *arguments, env=None, unset=(), directory=None, prepare=None):
        # Many run side by side, and only one could have the default address.
        extra = {"SECONDWIND_ADMIN_LISTEN": "127.0.0.1:0", **(env or {})}
        self._child = subprocess.Popen(
            [BINARY, *arguments],
            env=clean_environment({k: v for k, v in extra.items() if k not in unset}),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=prepare,
        )
        self.output = lines(self._child.stdout)
        self.errors = lines(self._child.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()
        for reader in (self.output, self.errors):
            reader.close()

    def signal(self, number=signal.SIGTERM):
        self._child.send_signal(number)

    def number(self):
        """The process id."""
        return self._child.pid

    def wait(self):
        """The exit code."""
        return self._child.wait(timeout=PATIENCE)

    def event(self, name):
        """The next event of that name in the log, which is read as JSON lines."""
        return self.errors.until(lambda line: event_in(line, name))


class lines:
    """The lines of a stream, read as they come, so that the program never blocks on a full pipe."""

    def __init__(self, stream):
        self._stream = stream
        self._arrived = queue.Queue()
        self.seen = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._stream:
            self._arrived.put(line.rstrip("\n"))
        self._arrived.put(None)

    def until(self, wanted):
        """Takes lines until `wanted` makes something of one, and returns that."""
        while True:
            try:
                line = self._arrived.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"timed out; output so far: {self.seen}") from None
            if line is None:
                raise AssertionError(f"the stream ended; it was: {self.seen}")
            self.seen.append(line)
            found = wanted(line)
            if found:
                return found

    def rest(self):
        """Everything up to the end of the stream, with what was taken before."""
        self._reader.join(PATIENCE)
        while not self._arrived.empty():
            line = self._arrived.get()
            if line is not None:
                self.seen.append(line)
        return self.seen

    def close(self):
        self._reader.join(PATIENCE)
        self._stream.close()


def event_in(line, name):
    with contextlib.suppress(ValueError):
        event = json.loads(line)
        if event.get("event") == name:
            return event
    return None


def port_of(address):
    return int(address.rsplit(":", 1)[1])


def ask(port, method, path, body=None, fields=None):
    """One request on a connection of its own: (status, fields, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, body, fields or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


class closed_port:
    """A local port without a listener, which no other process gets while it is held.
    A server that is told to can listen there: like all servers, it sets SO_REUSEADDR."""

    def __init__(self, address="127.0.0.1"):
        self._address = address

    def __enter__(self):
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind((self._address, 0))
        return self._held.getsockname()[1]

    def __exit__(self, *_):
        self._held.close()


class host:
    """In place of LM Studio: the test itself reads the requests and writes the answers."""

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._peers = []
        return self

    def __exit__(self, *_):
        for peer in self._peers:
            peer.close()
        self._listener.close()

    def take(self):
        """Accepts a connection and reads one request from it: (socket, its bytes)."""
        peer, _ = self._listener.accept()
        self._peers.append(peer)
        peer.settimeout(PATIENCE)
        request = b""
        while b"\r\n\r\n" not in request:
            request += some_bytes(peer)
        head, body = request.split(b"\r\n\r\n", 1)
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += some_bytes(peer)
        return peer, head + b"\r\n\r\n" + body


class client:
    """A connection on which the test sees every byte."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, data):
        self._socket.sendall(data)

    def until(self, mark):
        """Reads until `mark` has arrived."""
        received = b""
        while mark not in received:
            received += some_bytes(self._socket)
        return received

    def rest(self):
        """Reads to the end of the connection, whichever way it ends."""
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := self._socket.recv(65536):
                received += piece
        return received


def some_bytes(peer):
    piece = peer.recv(65536)
    if not piece:
        raise AssertionError("the connection ended early")
    return piece


class binary_test(unittest.TestCase):
    def serving(self, upstream, *arguments, env=None, prepare=None):
        """A proxy that listens, and its port."""
        proxy = self.enterContext(
            process(
                "--listen", "127.0.0.1:0", "--upstream", upstream, *arguments,
                env=env, prepare=prepare,
            )
        )
        return proxy, port_of(proxy.event("listening")["listen"])
