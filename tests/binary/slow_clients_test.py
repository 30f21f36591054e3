"""Clients that stop in the middle: each costs a socket, is told where it can be, and goes."""

import asyncio
import unittest

from crowd import MIB, connect, host, sanitized, until, until_still, watched
from harness import port_of

CROWD = 500
SANITIZED = sanitized()
HALF_BODY = b"POST /v1/x HTTP/1.1\r\nHost: proxy\r\nContent-Length: 1000\r\n\r\n" + b"a" * 500
HALF_CHUNK = (
    b"POST /v1/x HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n" + b"a" * 50
)
# What they send before they stop, how an answer to it must begin (None: the bare end), and what one
# of them may cost beside its socket. Chunks are read into a block of 16 KiB.
PHASES = {
    "half a head": (b"GET / HTTP/1.1\r\nHost: pro", b"HTTP/1.1 408 ", 8 * 1024),
    "half a body": (HALF_BODY, b"HTTP/1.1 408 ", 8 * 1024),
    "half a chunk": (HALF_CHUNK, b"HTTP/1.1 408 ", 24 * 1024),
    "nothing": (b"", None, 8 * 1024),
    "an empty line": (b"\r\n", None, 8 * 1024),
}
LONG = 24 * MIB  # more than the kernel keeps between both ends


async def serve(peer):
    """Answers /long with more than anybody's buffers, and becomes a tunnel where it is asked."""
    while True:
        head = await peer.until(b"\r\n\r\n")
        if b"GET /tunnel" in head:
            await peer.send(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\n\r\n"
            )
            await peer.send(await peer.until(b"\n"))
        elif b"GET /long" in head:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LONG)
            await peer.send(bytes(LONG))
        else:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


class slow_clients(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # which unittest sets, and slows everything
        self.lm = await self.enterAsyncContext(host(serve))

    def serving(self, patience):
        names = ("REQUEST_HEAD", "BODY_IDLE", "CLIENT_IDLE", "WRITE_STALL")
        env = {f"SECONDWIND_TIMEOUTS_{name}": patience for name in names}
        proxy = self.enterContext(
            watched("--listen", "127.0.0.1:0", "--upstream", self.lm.url, env=env)
        )
        self.at = port_of(proxy.event("listening")["listen"])
        return proxy

    async def is_served(self):
        app = await connect(self.at)
        await app.send(b"GET / HTTP/1.1\r\nHost: proxy\r\n\r\n")
        answer = await app.until(b"ok")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
        app.close()

    async def test_a_client_that_stops_inside_a_request_gets_an_error(self):
        self.serving("300ms")
        for phase, (sent, wanted, _) in PHASES.items():
            with self.subTest(phase):
                app = await connect(self.at)
                await app.send(sent)
                answer = await app.rest()
                if wanted:
                    self.assertTrue(answer.startswith(wanted), answer)
                    self.assertIn(b"\r\nConnection: close\r\n", answer)
                else:
                    self.assertEqual(answer, b"")
                app.close()

    async def test_a_client_that_reads_no_answer_is_closed_and_so_is_its_host(self):
        proxy = self.serving("300ms")
        app = await connect(self.at)
        await app.send(b"GET /long HTTP/1.1\r\nHost: proxy\r\n\r\n")
        logged = await asyncio.to_thread(proxy.event, "exchange")
        self.assertEqual(logged["ended"], "stalled")
        await until(lambda: all(peer.ended for peer in self.lm.peers))
        self.assertLess(len(await app.rest()), LONG)
        app.close()

    async def test_a_tunnel_may_be_silent_for_as_long_as_it_likes(self):
        self.serving("100ms")
        app = await connect(self.at)
        await app.send(
            b"GET /tunnel HTTP/1.1\r\nHost: proxy\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\n\r\n"
        )
        await app.until(b"\r\n\r\n")
        # Others come and are timed out meanwhile, one after another.
        for _ in range(4):
            other = await connect(self.at)
            await other.rest()
            other.close()
        await app.send(b"still here\n")
        self.assertEqual(await app.until(b"\n"), b"still here\n")
        app.close()

    async def test_a_crowd_of_each_costs_little_and_delays_no_others(self):
        for phase, script in PHASES.items():
            with self.subTest(phase):
                await self.crowd(*script)

    async def crowd(self, sent, wanted, bound):
        # All of the crowd are there before the first is timed out.
        proxy = self.serving("15s" if SANITIZED else "5s")
        await self.is_served()
        await until_still(proxy.descriptors)  # the proxy has closed the client that was served
        before, memory = proxy.descriptors(), proxy.memory()
        many = [await connect(self.at) for _ in range(CROWD)]
        for app in many:
            self.addCleanup(app.close)
            await app.send(sent)
        # The one host connection of the request before may end meanwhile.
        await until(lambda: proxy.descriptors() >= before + CROWD - 1)
        async with asyncio.timeout(4):
            await self.is_served()
        if not SANITIZED:
            self.assertLess((proxy.memory() - memory) / CROWD, bound)
        answers = await asyncio.gather(*(app.rest() for app in many))
        for answer in answers:
            self.assertTrue(answer.startswith(wanted) if wanted else answer == b"", answer)
        await until(lambda: proxy.descriptors() <= before)
        self.assertTrue(proxy.alive())


if __name__ == "__main__":
    unittest.main()
