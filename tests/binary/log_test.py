"""The log of the executable when nobody reads it: no request waits for it, and no line is torn."""

import asyncio
import contextlib
import fcntl
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from crowd import connect, host, serve_ok
from harness import BINARY, PATIENCE, ask, clean_environment, port_of

REQUESTS = 3000
# The lines of all requests are more than the pipe and the buffer of the log hold.
GET = b"GET /v1/%s HTTP/1.1\r\nHost: proxy\r\n\r\n" % (b"x" * 300)


class reader:
    """The test's end of the log, which is only read where the test says so."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._unread = b""

    def line(self):
        while b"\n" not in self._unread:
            piece = os.read(self._descriptor, 65536)
            if not piece:
                return None
            self._unread += piece
        line, _, self._unread = self._unread.partition(b"\n")
        return json.loads(line)

    def event(self, name):
        while True:
            event = self.line()
            if event["event"] == name:
                return event


class unread_log(unittest.IsolatedAsyncioTestCase):
    def starts(self, upstream, errors, file="", listen="127.0.0.1:0"):
        child = subprocess.Popen(
            [BINARY, "--listen", listen, "--upstream", upstream],
            env=clean_environment(
                {"SECONDWIND_ADMIN_LISTEN": "127.0.0.1:0", "SECONDWIND_LOG_FILE": file}
            ),
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def pipe(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        return read, write

    async def answered(self, at):
        """How many of the requests of one client are answered."""
        app = await connect(at)
        count = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                for _ in range(REQUESTS):
                    await app.send(GET)
                    answer = await app.until(b"ok")
                    count += answer.startswith(b"HTTP/1.1 200 OK\r\n")
        app.close()
        return count

    async def all_are_served(self, read, write, file=""):
        asyncio.get_running_loop().set_debug(False)  # which unittest sets, and slows everything
        async with host(serve_ok) as lm:
            child = self.starts(lm.url, write, file)
            log = reader(read)
            admin = port_of(log.event("admin_listening")["listen"])
            at = port_of(log.event("listening")["listen"])
            self.assertEqual(await self.answered(at), REQUESTS)
            self.assertEqual((await asyncio.to_thread(ask, admin, "GET", "/livez"))[0], 200)
        return child, log

    async def is_served_and_told(self, read, write, file=""):
        child, log = await self.all_are_served(read, write, file)
        # Now that it is read, one line follows that counts those which are missing.
        logged = 0
        while (event := log.line())["event"] != "log_lines_dropped":
            logged += event["event"] == "exchange"
        self.assertGreater(event["lines"], 0)
        self.assertEqual(logged + event["lines"], REQUESTS)
        self.assertEqual(event["level"], "warn")
        child.send_signal(signal.SIGTERM)
        log.event("stopped")
        self.assertEqual(await asyncio.to_thread(child.wait, PATIENCE), 0)

    async def test_a_pipe_that_nobody_reads_keeps_no_request_waiting(self):
        read, write = self.pipe()
        await self.is_served_and_told(read, write)
        # This end shares its flags with the standard error of the program, as a shell would.
        self.assertEqual(fcntl.fcntl(write, fcntl.F_GETFL) & os.O_NONBLOCK, 0)

    async def test_a_socket_that_nobody_reads_keeps_none_waiting_either(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        await self.is_served_and_told(ours.fileno(), theirs.fileno())
        self.assertEqual(fcntl.fcntl(theirs, fcntl.F_GETFL) & os.O_NONBLOCK, 0)

    async def test_a_named_pipe_as_the_file_needs_no_reader_at_the_start(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        name = pathlib.Path(folder, "log")
        os.mkfifo(name)
        read = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
        os.close(read)  # it is not read when the program starts
        async with host(serve_ok) as lm:
            child = self.starts(lm.url, subprocess.DEVNULL, str(name))
            read = os.open(name, os.O_RDONLY)
            self.addCleanup(os.close, read)
            reader(read).event("listening")
            child.send_signal(signal.SIGTERM)
            self.assertEqual(await asyncio.to_thread(child.wait, PATIENCE), 0)

    async def test_standard_output_can_be_the_file(self):
        read, write = self.pipe()
        await self.is_served_and_told(read, write, "/dev/stdout")

    async def test_a_log_that_nobody_reads_does_not_delay_the_end(self):
        read, write = self.pipe()
        child, _ = await self.all_are_served(read, write)
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        self.assertEqual(await asyncio.to_thread(child.wait, PATIENCE), 0)
        self.assertLess(time.monotonic() - began, 5)

    async def test_a_start_that_fails_says_why(self):
        read, write = self.pipe()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            child = self.starts("http://127.0.0.1:9", write, listen=address)
            self.assertEqual(await asyncio.to_thread(child.wait, PATIENCE), 1)
        self.assertIn(address.encode(), os.read(read, 65536))


if __name__ == "__main__":
    unittest.main()
