"""What the machine withholds: descriptors, a disk for the log, a reader of it."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import unittest

from crowd import connect, host, sanitized, serve_ok, until, watched
from harness import BINARY, PATIENCE, binary_test, clean_environment, client, event_in
from harness import host as scripted_host
from harness import port_of

GET = b"GET / HTTP/1.1\r\nHost: proxy\r\n\r\n"
HALF = GET[:8]


@unittest.skipIf(sanitized(), "a sanitizer opens pipes to look at memory")
class descriptors(unittest.IsolatedAsyncioTestCase):
    def serving(self, upstream, host_idle):
        env = {"SECONDWIND_TIMEOUTS_HOST_IDLE": host_idle}
        proxy = self.enterContext(
            watched("--listen", "127.0.0.1:0", "--upstream", upstream, env=env)
        )
        self.at = port_of(proxy.event("listening")["listen"])
        return proxy

    async def served(self, app, request=GET):
        await app.send(request)
        answer = await app.until(b"ok")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)

    async def test_without_any_left_it_neither_spins_nor_deserts_those_who_are_connected(self):
        async with host(serve_ok) as lm:
            proxy = self.serving(lm.url, "10m")
            inside = [await connect(self.at) for _ in range(5)]
            for app in inside:
                await self.served(app)
                await app.send(HALF)  # who has begun a request does not give way
            proxy.limit_descriptors(proxy.descriptors())
            outside = [await connect(self.at) for _ in range(5)]
            proxy.event("accept_failed")

            used = proxy.cpu_seconds()
            for _ in range(10):
                for app in inside:
                    await self.served(app, GET[len(HALF) :] + HALF)
                await asyncio.to_thread(select.select, [], [], [], 0.1)
            self.assertLess(proxy.cpu_seconds() - used, 0.5)

            for app in inside[:3]:
                app.close()
            for app in outside[:3]:
                await self.served(app)
            proxy.limit_descriptors(1024)
            for app in outside[3:]:
                await self.served(app)
            for app in inside[3:] + outside:
                app.close()
            proxy.signal()
            self.assertEqual(await asyncio.to_thread(proxy.wait), 0)
            told = [line for line in proxy.errors.rest() if event_in(line, "accept_failed")]
            # Once for each time that it ran out: a slot that was freed and taken again counts again.
            self.assertLessEqual(len(told), 4, told)

    async def test_without_any_left_those_who_wait_for_nothing_give_way(self):
        async with host(serve_ok) as lm:
            proxy = self.serving(lm.url, "10m")
            inside = [await connect(self.at) for _ in range(5)]
            for app in inside:
                await self.served(app)
            proxy.limit_descriptors(proxy.descriptors())
            for _ in range(5):
                app = await connect(self.at)
                await self.served(app)
                app.close()
            self.assertEqual(await inside[0].rest(), b"")  # idle for longest
            for app in inside:
                app.close()
            proxy.signal()
            self.assertEqual(await asyncio.to_thread(proxy.wait), 0)

    async def test_without_one_for_the_host_the_client_is_told_and_may_try_again(self):
        async with host(serve_ok) as lm:
            proxy = self.serving(lm.url, "50ms")
            app = await connect(self.at)
            await self.served(app)
            await until(lambda: all(peer.ended for peer in lm.peers))
            proxy.limit_descriptors(proxy.descriptors())
            await app.send(GET)
            answer = await app.until(b"}}")
            self.assertRegex(answer, rb"^HTTP/1\.1 503 ")
            self.assertIn(b"\r\nRetry-After: 1\r\n", answer)
            told = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            self.assertEqual(told["code"], "no_descriptors")
            self.assertIn("Too many open files", told["message"])
            proxy.limit_descriptors(1024)
            await self.served(app)
            app.close()
            proxy.signal()
            self.assertEqual(await asyncio.to_thread(proxy.wait), 0)
            # That says nothing about the host.
            self.assertFalse(any(event_in(line, "host_down") for line in proxy.errors.rest()))


class log_without_a_place(binary_test):
    """Standard error that cannot be written: full, closed, or a pipe without a reader."""

    def starts(self, port, stderr, prepare=None):
        # The port is asked for, because there is no log to tell it.
        with socket.create_server(("127.0.0.1", 0)) as taken:
            at = taken.getsockname()[1]
        child = subprocess.Popen(
            [BINARY, "--listen", f"127.0.0.1:{at}", "--upstream", f"http://127.0.0.1:{port}"],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            preexec_fn=prepare,
        )
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        self.await_port(child, at)
        return child, at

    def await_port(self, child, at):
        while True:
            self.assertIsNone(child.poll(), "it ended")
            try:
                socket.create_connection(("127.0.0.1", at), PATIENCE).close()
                return
            except ConnectionRefusedError:
                select.select([], [], [], 0.02)

    def serves_and_ends(self, stderr, prepare=None):
        with scripted_host() as lm:
            child, at = self.starts(lm.port, stderr, prepare)
            for _ in range(3):
                with client(at) as app:
                    app.send(GET)
                    peer, request = lm.take()
                    self.assertTrue(request.startswith(b"GET / HTTP/1.1\r\n"), request)
                    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
                    peer.sendall(answer)
                    peer.close()
                    self.assertTrue(app.until(b"ok").endswith(b"\r\n\r\nok"))
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(PATIENCE), 0)

    def test_a_full_disk_ends_no_request_and_not_the_process(self):
        with open("/dev/full", "wb") as full:
            self.serves_and_ends(full)

    def test_a_pipe_whose_reader_has_gone_does_neither(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as pipe:
            self.serves_and_ends(pipe)

    def test_a_closed_standard_error_is_no_connection_that_log_lines_could_go_to(self):
        self.serves_and_ends(None, lambda: os.close(2))

    def test_neither_are_all_three_closed(self):
        self.serves_and_ends(None, lambda: os.closerange(0, 3))


class half_a_request(binary_test):
    def test_a_host_that_answers_early_gets_no_other_request_on_that_connection(self):
        with scripted_host() as lm:
            env = {"SECONDWIND_LIMITS_REPLAY_BUFFER": "1KiB"}
            _, at = self.serving(lm.url, env=env)
            with client(at) as app, client(at) as other:
                app.send(
                    b"POST /v1/x HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"800\r\n" + b"a" * 0x800 + b"\r\n"
                )
                peer, _ = lm.take()
                peer.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
                self.assertTrue(app.until(b"no").startswith(b"HTTP/1.1 413 "))
                other.send(GET)
                while piece := peer.recv(65536):
                    self.assertNotIn(b"GET", piece)
                second, _ = lm.take()
                second.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                other.until(b"ok")


if __name__ == "__main__":
    unittest.main()
