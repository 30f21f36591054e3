"""Many and large bodies: memory is bounded, even if a client does not read, and nothing is lost.

RESOURCES_FULL=1 runs the crowd of senders at its full size: 1,000 bodies of 8 MiB.
"""

import asyncio
import os
import unittest

from crowd import MIB, connect, content, host, sanitized, serve_ok, until, until_still, watched
from harness import binary_test, port_of

SANITIZED = sanitized()
FULL = os.environ.get("RESOURCES_FULL") == "1"
# Both ends of a body are generous here: a loaded machine is no stalled peer.
PATIENT = {"SECONDWIND_TIMEOUTS_WRITE_STALL": "5m", "SECONDWIND_TIMEOUTS_BODY_IDLE": "5m"}


def field(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b": ")
        if key.lower() == name:
            return value.decode()
    return None


class crowd_test(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # which unittest sets, and slows everything

    def serving(self, upstream, **settings):
        env = {**PATIENT, **{f"SECONDWIND_{key}": value for key, value in settings.items()}}
        proxy = self.enterContext(
            watched("--listen", "127.0.0.1:0", "--upstream", upstream, env=env)
        )
        self.at = port_of(proxy.event("listening")["listen"])
        return proxy

    async def warm(self, proxy, number):
        """Has the process grow to its working size, and starts the count from there."""
        many = [await connect(self.at) for _ in range(number)]
        for each in many:
            await each.send(b"GET /warm HTTP/1.1\r\nHost: proxy\r\n\r\n")
        for each in many:
            await each.until(b"ok")
            each.close()
        proxy.forget_peak()
        self.before = proxy.memory()

    def grew_less_than(self, proxy, bound):
        grown = proxy.peak() - self.before
        print(f"\n{self.id()}: grew by {grown / MIB:.1f} MiB of {bound / MIB:.0f}", flush=True)
        if not SANITIZED:
            self.assertLess(grown, bound)


class slow_readers(crowd_test):
    """Clients that ask for long answers and do not read them."""

    CLIENTS = 20 if SANITIZED else 100
    SIZE = 64 * MIB
    READERS = 2

    async def serve(self, peer):
        head = await peer.until(b"\r\n\r\n")
        if b"GET /warm" in head:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            return
        body = content(field(head, b"x-key"), self.SIZE)
        await peer.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Length: %d\r\n\r\n" % self.SIZE
        )
        await peer.send_all(body.pieces())

    async def test_they_cost_no_memory_and_miss_no_byte(self):
        async with host(self.serve) as lm:
            proxy = self.serving(lm.url)
            await self.warm(proxy, 20)
            lm.peers.clear()
            apps = [await connect(self.at) for _ in range(self.CLIENTS)]
            for key, app in enumerate(apps):
                await app.send(b"GET / HTTP/1.1\r\nHost: proxy\r\nX-Key: %d\r\n\r\n" % key)
            for app in apps:
                await app.until(b"\r\n\r\n")
            await until_still(lambda: sum(peer.sent for peer in lm.peers))
            self.assertLess(sum(peer.sent for peer in lm.peers), self.SIZE * self.CLIENTS)
            self.grew_less_than(proxy, 32 * MIB)

            for app in apps[self.READERS :]:
                app.close()
            totals = await asyncio.gather(*(app.sum_of(self.SIZE) for app in apps[: self.READERS]))
            for key, total in enumerate(totals):
                self.assertEqual(total, content(str(key), self.SIZE).sum())
            for app in apps:
                app.close()


class uploads(crowd_test):
    """Clients that send long bodies at once."""

    def setUp(self):
        self.read_on = asyncio.Event()
        self.came = {}

    async def serve(self, peer):
        head = await peer.until(b"\r\n\r\n")
        if b"POST" in head:
            await self.read_on.wait()
            if field(head, b"transfer-encoding"):
                self.came[field(head, b"x-key")] = await peer.sum_of_chunks()
            else:
                size = int(field(head, b"content-length"))
                self.came[field(head, b"x-key")] = size, await peer.sum_of(size)
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    async def send(self, key, size, chunked):
        app = await connect(self.at)
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % size
        head = b"POST /v1/x HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n"
        self.apps.append(app)
        await app.send(head + b"X-Key: %d\r\n%s\r\n\r\n" % (key, framing))
        await app.send_all(content(str(key), size).pieces(), chunked)
        answer = await app.rest()
        app.close()
        return answer

    async def all_arrive(self, number, size, before_reading):
        self.apps = []
        sending = [asyncio.create_task(self.send(k, size, k % 2 == 1)) for k in range(number)]
        if before_reading:
            await until(lambda: len(self.apps) == number)
            await until_still(lambda: sum(app.sent for app in self.apps))
            before_reading()
        self.read_on.set()
        for answer in await asyncio.gather(*sending):
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
        for key in range(number):
            wanted = size, content(str(key), size).sum()
            self.assertEqual(self.came[str(key)], wanted, f"the body of client {key}")

    async def test_to_a_host_that_does_not_read_they_wait_outside_and_arrive_whole(self):
        number, size = (10 if SANITIZED else 50), 16 * MIB
        async with host(self.serve) as lm:
            proxy = self.serving(lm.url, LIMITS_REPLAY_BUFFER="64KiB")
            await self.warm(proxy, 20)

            def waiting():
                # What the kernel keeps of each may be as much as 32 MiB.
                self.assertEqual(self.came, {})
                self.grew_less_than(proxy, 32 * MIB)

            await self.all_arrive(number, size, waiting)
            self.grew_less_than(proxy, 32 * MIB)

    async def test_beyond_the_total_that_is_kept_they_are_streamed_on(self):
        number, size, total = (1000, 8, 64) if FULL else (100, 2, 16)
        async with host(self.serve) as lm:
            proxy = self.serving(
                lm.url, LIMITS_REPLAY_BUFFER="8MiB", LIMITS_REPLAY_BUFFER_TOTAL=f"{total}MiB"
            )
            await self.warm(proxy, 20)
            # Beside what is kept: the bytes on their way, and a body's old memory while it grows.
            constant = 16 * MIB + number * 160 * 1024
            await self.all_arrive(number, size * MIB, None)
            self.grew_less_than(proxy, total * MIB + constant)


class idle_process(binary_test, unittest.IsolatedAsyncioTestCase):
    async def test_it_uses_no_processor_and_keeps_no_descriptor(self):
        async with host(serve_ok) as lm:
            env = {"SECONDWIND_TIMEOUTS_HOST_IDLE": "100ms"}
            proxy = self.enterContext(
                watched("--listen", "127.0.0.1:0", "--upstream", lm.url, env=env)
            )
            at = port_of(proxy.event("listening")["listen"])
            before = proxy.descriptors()
            for _ in range(20):
                app = await connect(at)
                await app.send(b"GET / HTTP/1.1\r\nHost: proxy\r\n\r\n")
                await app.until(b"ok")
                app.close()
            await until(lambda: proxy.descriptors() == before)
            used = proxy.cpu_seconds()
            await until_still(proxy.cpu_seconds)
            self.assertLess(proxy.cpu_seconds() - used, 0.1)


if __name__ == "__main__":
    unittest.main()
