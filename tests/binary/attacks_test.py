"""Clients that would use up the proxy's memory for bodies or its file descriptors.

ATTACK_FIGURES=1 prints what was measured.
"""

import asyncio
import json
import os
import resource
import unittest

from crowd import MIB, connect, end_of_stream, host, sanitized, serve_ok, watched
from harness import event_in, port_of

CROWD = 100 if sanitized() else 1000
TRIES = 10
BUDGET = 256 * MIB  # limits.replay_buffer_total
ANNOUNCED = 32 * MIB
BIG_HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nContent-Length: %d\r\n\r\n" % ANNOUNCED
REFUSAL = json.dumps(
    {
        "error": {
            "message": 'Failed to load model "small". Error: Model loading was stopped due to '
            "insufficient system resources.",
            "type": "invalid_request_error",
            "param": "model",
            "code": None,
        }
    }
).encode()
MODELS = json.dumps(
    {
        "models": [
            {"key": "other", "size_bytes": 5, "loaded_instances": [{"id": "other"}]},
            {"key": "small", "size_bytes": 5, "loaded_instances": []},
        ]
    }
).encode()


def tell(name, figure):
    if os.environ.get("ATTACK_FIGURES"):
        print(f"{name}: {figure}", flush=True)


def answer(status, body):
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(body),
        body,
    )


class lm_studio:
    """Refuses to load "small" until "other" was unloaded; swallows the bodies of all others."""

    def __init__(self):
        self.full = True

    async def serve(self, peer):
        while True:
            head = await peer.until(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            size = int(length or 0)
            if size == ANNOUNCED:
                await peer.sum_of(size)
                await peer.send(answer(b"200 OK", b"{}"))
                continue
            if size:
                await peer.sum_of(size)
            if head.startswith(b"GET "):
                await peer.send(answer(b"200 OK", MODELS if self.full else b'{"models":[]}'))
            elif b"/unload" in head.partition(b"\r\n")[0]:
                self.full = False
                await peer.send(answer(b"200 OK", b'{"instance_id":"other"}'))
            elif self.full:
                await peer.send(answer(b"400 Bad Request", REFUSAL))
            else:
                await peer.send(answer(b"200 OK", b'{"choices":[]}'))


class attack(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 4 * CROWD:
            self.skipTest("too few descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class replay_budget(attack):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.lm = lm_studio()
        upstream = await self.enterAsyncContext(host(self.lm.serve))
        self.proxy = self.enterContext(
            watched(
                "--listen",
                "127.0.0.1:0",
                "--upstream",
                upstream.url,
                env={"SECONDWIND_RECOVERY_WEBSOCKET_TIMEOUT": "0"},
            )
        )
        self.at = port_of(self.proxy.event("listening")["listen"])

    async def recovered(self):
        """How many of some small requests were recovered."""
        count = 0
        body = b'{"model":"small","messages":[]}'
        for _ in range(TRIES):
            self.lm.full = True
            app = await connect(self.at)
            await app.send(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            got = await app.rest()
            app.close()
            count += got.startswith(b"HTTP/1.1 200 ") and b"Recovery: recovered" in got
        return count

    async def crowd(self, sent):
        """Clients that announce a long body and send that many bytes of it."""
        clients = []
        for _ in range(CROWD):
            clients.append(await connect(self.at))
            await clients[-1].send(BIG_HEAD + bytes(sent))
        return clients

    async def attack(self, name, sent):
        before = self.proxy.memory()
        clients = await self.crowd(sent)
        began = asyncio.get_running_loop().time()
        count = await self.recovered()
        took = asyncio.get_running_loop().time() - began
        tell(f"{name}, {CROWD} clients", f"{count} of {TRIES} recovered")
        tell(f"{name}, peak memory", f"{self.proxy.peak() / MIB:.0f} MiB")
        self.assertEqual(count, TRIES)
        # None of those bodies keeps a model busy.
        self.assertLess(took, 10)
        # What each of the connections needs, and the host's ends of those that are streamed on.
        if not sanitized():
            most = before + BUDGET + CROWD * 128 * 1024
            self.assertLess(self.proxy.peak(), most if sent else before + 64 * MIB)
        for each in clients:
            each.close()

    async def test_bodies_that_are_only_announced_cost_nothing(self):
        await self.attack("announced", 0)

    async def test_bodies_that_never_end_leave_memory_to_small_requests(self):
        await self.attack("begun", 100 * 1024)

    async def test_more_than_the_whole_budget_leaves_memory_to_small_requests(self):
        await self.attack("300 KiB each", 300 * 1024)


GET = b"GET / HTTP/1.1\r\nHost: proxy\r\n\r\n"


@unittest.skipIf(sanitized(), "a sanitizer opens files of its own")
class descriptors(attack):
    async def asyncSetUp(self):
        await super().asyncSetUp()
        self.upstream = await self.enterAsyncContext(host(serve_ok))

    def serving(self, soft, hard):
        self.proxy = self.enterContext(
            watched(
                "--listen",
                "127.0.0.1:0",
                "--upstream",
                self.upstream.url,
                prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
            )
        )
        self.at = port_of(self.proxy.event("listening")["listen"])

    async def served(self):
        """A new client with one request; it stays connected."""
        app = await connect(self.at)
        await app.send(GET)
        try:
            return app, await app.until(b"ok")
        except (ConnectionError, end_of_stream):
            return app, b""

    def told(self):
        self.proxy.signal()
        self.assertEqual(self.proxy.wait(), 0)
        return self.proxy.errors.rest()

    async def test_the_soft_limit_is_raised(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.serving(64, hard)
        self.assertEqual(resource.prlimit(self.proxy.pid, resource.RLIMIT_NOFILE)[0], hard)

    async def test_clients_that_stay_connected_make_way_for_new_ones(self):
        for limit in (64, 1024):
            with self.subTest(limit):
                self.serving(limit, limit)
                self.assertEqual(self.proxy.event("few_descriptors")["descriptors"], limit)
                crowd = [await self.served() for _ in range(CROWD)]
                count = sum(got.startswith(b"HTTP/1.1 200 ") for _, got in crowd)
                tell(f"{limit} descriptors, clients that stay connected", f"{count} served")
                self.assertEqual(count, CROWD)
                lines = self.told()
                for event in ("host_down", "accept_failed"):
                    self.assertFalse([line for line in lines if event_in(line, event)])
                for app, _ in crowd:
                    app.close()

    async def test_silent_clients_delay_others_by_a_second_at_most(self):
        for limit in (64, 1024):
            with self.subTest(limit):
                self.serving(limit, limit)
                crowd = [await connect(self.at) for _ in range(CROWD)]
                began = asyncio.get_running_loop().time()
                refused = 0
                while True:
                    app, got = await self.served()
                    crowd.append(app)
                    if got.startswith(b"HTTP/1.1 200 "):
                        break
                    refused += 1
                    await asyncio.sleep(0.05)
                took = asyncio.get_running_loop().time() - began
                tell(
                    f"{limit} descriptors, {CROWD} silent clients",
                    f"served after {took:.2f} s and {refused} refusals",
                )
                self.assertLess(took, 5)
                self.assertFalse([line for line in self.told() if event_in(line, "host_down")])
                for each in crowd:
                    each.close()

    async def test_bodies_that_do_not_come_end_after_the_grace_of_body_rate(self):
        for limit in (64, 1024):
            with self.subTest(limit):
                self.serving(limit, limit)
                crowd = []
                for _ in range(CROWD):
                    crowd.append(await connect(self.at))
                    try:
                        await crowd[-1].send(BIG_HEAD)
                    except ConnectionError:
                        pass
                began = asyncio.get_running_loop().time()
                app, got = await self.served()
                self.assertFalse(got.startswith(b"HTTP/1.1 502 "), got)
                while not got.startswith(b"HTTP/1.1 200 "):
                    app.close()
                    await asyncio.sleep(0.1)
                    app, got = await self.served()
                took = asyncio.get_running_loop().time() - began
                tell(f"{limit} descriptors, {CROWD} bodies announced", f"served after {took:.1f} s")
                self.assertLess(took, 20)
                self.assertFalse([line for line in self.told() if event_in(line, "host_down")])
                for each in [*crowd, app]:
                    each.close()


if __name__ == "__main__":
    unittest.main()
