"""Three hosts behind one listener, chosen by model, while they serve: killed, cut off, hung, back,
added and removed. Bounds are counts of requests, for times depend on the machine.
"""

import asyncio
import json
import pathlib
import signal
import socket
import tempfile
import unittest

from crowd import connect, sanitized, until, watched
from harness import ask, closed_port, port_of
from studio import studio

STREAMS = 50 if sanitized() else 200
BURST = 60
EVERYWHERE = "stage/resident"
COLD = "stage/wanted"


def request(model, path="/v1/chat/completions", **more):
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}
    data = json.dumps(body).encode()
    return (
        b"POST %s HTTP/1.1\r\nHost: site\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (path.encode(), len(data), data)
    )


def whole(answer):
    return b"data: [DONE]" in answer and answer.endswith(b"\r\n0\r\n\r\n")


def status(answer):
    return int(answer.split(b" ", 2)[1])


class black_hole:
    """Listens on the port, and completes no connection, because its backlog is full."""

    def __init__(self, port):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(0)
        self._fillers = [socket.socket() for _ in range(8)]
        for each in self._fillers:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in (self._listener, *self._fillers):
            each.close()


class cluster(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(folder, "secondwind.json")
        self.ports = {name: self.enterContext(closed_port()) for name in "abc"}
        self.hosts = {}

    def start_host(self, name, load=EVERYWHERE, **settings):
        """Held at the second token: a request for one token gets its whole answer."""
        settings = {"parallel": STREAMS, "duplicate_loads": True, **settings}
        lm = self.enterContext(studio(port=self.ports[name], **settings))
        if load:
            lm.tell(load=load)
        lm.tell(hold_generations=2)
        self.hosts[name] = lm

    def start(self, names="abc", **settings):
        """All hosts, unless they were started before, and the proxy in front of those named."""
        for name in self.ports:
            if name not in self.hosts:
                self.start_host(name)
        self.write(names, **settings)
        self.proxy = self.enterContext(watched("-c", str(self.file)))
        self.at = port_of(self.proxy.event("listening")["listen"])

    def write(self, names, each=None, **settings):
        upstreams = [
            {
                "name": name,
                "url": f"http://127.0.0.1:{self.ports[name]}",
                **(each or {}).get(name, {}),
            }
            for name in names
        ]
        self.file.write_text(
            json.dumps({"listen": "127.0.0.1:0", "upstreams": upstreams, **settings})
        )

    def reload(self, names, **settings):
        self.write(names, **settings)
        self.proxy.signal(signal.SIGHUP)
        self.proxy.event("config_reloaded")

    async def ask(self, model=EVERYWHERE, **more):
        app = await connect(self.at)
        await app.send(request(model, max_tokens=1, **more))
        answer = await app.rest()
        app.close()
        return status(answer)

    def burst(self, number=BURST, model=EVERYWHERE):
        return [asyncio.create_task(self.ask(model)) for _ in range(number)]

    async def expect_served(self, asked):
        self.assertEqual(await asyncio.gather(*asked), [200] * len(asked))

    def exchanges(self, number):
        return [self.proxy.event("exchange") for _ in range(number)]

    async def open_streams(self, number=STREAMS):
        """Streams that have begun; each ends when its host is released or gone."""
        apps = [await connect(self.at) for _ in range(number)]
        for app in apps:
            await app.send(request(EVERYWHERE, stream=True))
        for app in apps:
            app.begin = await app.until(b'"content":')
        return [asyncio.create_task(self.finish(app)) for app in apps]

    async def finish(self, app):
        answer = app.begin + await app.rest()
        app.close()
        return answer

    def running(self, name):
        return self.hosts[name].state()["generations"]["running"]

    async def end_streams(self, streams):
        for lm in self.hosts.values():
            lm.tell(release_generations=True)
        for answer in await asyncio.gather(*streams):
            self.assertTrue(whole(answer), answer[-200:])

    async def kill(self, name, streams):
        """Those of the streams that go on; the others must not look complete."""
        lost = self.running(name)
        self.hosts.pop(name).end()
        await until(lambda: sum(each.done() for each in streams) >= lost)
        cut = [each for each in streams if each.done()]
        self.assertEqual(len(cut), lost)
        for each in cut:
            self.assertFalse(whole(each.result()), "it ended as if it were whole")
        return [each for each in streams if not each.done()]

    async def test_a_host_that_is_killed_takes_only_its_own_streams_along(self):
        self.start()
        streams = await self.open_streams()
        for name in self.hosts:
            self.assertAlmostEqual(self.running(name), STREAMS / 3, delta=STREAMS / 10)
        streams = await self.kill("c", streams)
        await self.expect_served(self.burst(STREAMS))
        self.assertFalse(any(each.done() for each in streams))
        await self.end_streams(streams)

    async def test_a_host_that_accepts_no_connection_delays_its_share_once(self):
        self.start(timeouts={"connect": "2s"})
        streams = await self.open_streams(BURST)
        streams = await self.kill("c", streams)
        self.exchanges(BURST - len(streams))
        self.enterContext(black_hole(self.ports["c"]))
        await self.expect_served(self.burst())
        moved = [line.get("moved_from") == "c" for line in self.exchanges(BURST)]
        # Until then it had as many in flight as the others, which serve the streams as well.
        self.assertLessEqual(sum(moved), (len(streams) + BURST) / 3 + 1)
        # Those that were sent elsewhere were over before anybody gave it up.
        self.assertEqual(moved, sorted(moved))
        # Then it rests, and one at a time tries it.
        await self.expect_served(self.burst())
        self.assertLessEqual(
            sum(line.get("moved_from") == "c" for line in self.exchanges(BURST)), 1
        )
        await self.end_streams(streams)

    async def test_a_host_that_hangs_holds_up_its_own_requests_and_no_others(self):
        # Each choice depends on what the hosts say now.
        self.start(
            routing={"max_age": "0s", "list_wait": "200ms"}, recovery={"list_timeout": "5s"}
        )
        await self.expect_served(self.burst())
        self.hosts["c"].pause()
        first = self.burst()
        # The share of each depends on how fast they were just now.
        await until(lambda: sum(each.done() for each in first) >= BURST // 6)
        # They did not wait for the end of its list.
        self.assertNotIn("host_down", "".join(self.proxy.errors.seen))
        self.assertEqual(self.proxy.event("host_down")["host"], "c")
        # Now it is known not to answer: it rests, and one at a time tries it.
        second = self.burst()
        await until(lambda: sum(each.done() for each in second) >= BURST - 1)
        self.hosts["c"].go_on()
        await self.expect_served(first + second)

    async def test_a_host_that_comes_back_loads_each_model_once(self):
        only_c = {name: {"models": [EVERYWHERE]} for name in "ab"}
        self.start_host("c", load=None, load_ms=100)
        self.start(each=only_c)
        await self.expect_served(self.burst(10, COLD))
        self.assertEqual(self.hosts["c"].state()["loads"], 1)
        self.hosts.pop("c").end()
        # Somebody meets it while it is away.
        named = {"X-Secondwind-Host": "c"}
        self.assertEqual(ask(self.at, "GET", "/v1/models", fields=named)[0], 502)
        await self.expect_served(self.burst())
        self.start_host("c", load=None, load_ms=100)
        # What it had loaded before is not loaded any more.
        await self.expect_served(self.burst(10, COLD) + self.burst())
        state = self.hosts["c"].state()
        self.assertEqual((state["loads"], state["loaded"]), (1, [COLD]))
        self.assertEqual(state["refusals"], 0)

    async def test_a_host_that_is_removed_ends_its_streams(self):
        self.start()
        streams = await self.open_streams()
        self.reload("ab")
        before = self.hosts["c"].state()
        self.assertGreater(before["generations"]["running"], 0)
        await self.expect_served(self.burst())
        self.assertEqual(self.hosts["c"].state()["requests"], before["requests"])
        self.assertFalse(any(each.done() for each in streams))
        await self.end_streams(streams)

    async def test_a_host_that_is_added_is_used_for_what_it_has_loaded(self):
        self.start_host("c", load=COLD)
        self.start("ab")
        streams = await self.open_streams(BURST)
        self.reload("abc")
        await self.expect_served(self.burst(BURST, COLD))
        self.assertEqual(self.hosts["c"].state()["generations"]["finished"], BURST)
        for lm in self.hosts.values():
            self.assertEqual((lm.state()["loads"], lm.state()["unloads"]), (1, {}))
        await self.end_streams(streams)

    async def test_a_host_that_loads_nothing_hands_on_what_it_has_not_loaded(self):
        # It is preferred, and another client has unloaded what it had loaded.
        for path in ("/v1/chat/completions", "/v1/messages", "/api/v0/chat/completions"):
            with self.subTest(path):
                self.start_host("a", jit=False)
                self.start(each={name: {"handicap": "5s"} for name in "bc"})
                await self.expect_served([self.ask()])
                self.hosts["a"].tell(unload=EVERYWHERE)
                before = self.hosts["a"].state()["requests"]
                await self.expect_served([self.ask(path=path), self.ask(path=path)])
                lines = self.exchanges(3)
                self.assertEqual([line["host"] for line in lines].count("a"), 1)
                self.assertEqual(lines[1]["moved_from"], "a")
                self.assertLessEqual(self.hosts["a"].state()["requests"] - before, 2)
                self.proxy.signal(signal.SIGKILL)
                for lm in self.hosts.values():
                    lm.end()
                self.hosts = {}

    async def test_a_host_that_has_refused_is_not_asked_again_for_the_same(self):
        self.start_host("a", jit=False)
        self.start(each={name: {"handicap": "5s"} for name in "bc"})
        await self.expect_served([self.ask()])
        self.hosts["a"].tell(unload=EVERYWHERE)
        for _ in range(3):
            await self.expect_served([self.ask()])
        self.assertEqual(
            [line.get("moved_from") for line in self.exchanges(4)], [None, "a", None, None]
        )


if __name__ == "__main__":
    unittest.main()
