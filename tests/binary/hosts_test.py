"""Several hosts behind one executable: ports of their own, a choice on the shared one, reloads."""

import asyncio
import json
import pathlib
import signal
import socket
import tempfile
import unittest

import crowd
from crowd import connect, sanitized, until, watched
from harness import ask, binary_test, client, closed_port, host, port_of

OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAMS = 50 if sanitized() else 200


def upstream(name, url, listen=None):
    return {"name": name, "url": url, **({"listen": listen} if listen else {})}


class hosts(binary_test):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(folder, "secondwind.json")

    def write(self, *upstreams, **settings):
        self.file.write_text(
            json.dumps({"listen": "127.0.0.1:0", "upstreams": list(upstreams), **settings})
        )

    def start(self, **env):
        return self.enterContext(watched("-c", str(self.file), env=env))

    def hang_up(self, proxy, event="config_reloaded"):
        proxy.signal(signal.SIGHUP)
        return proxy.event(event)

    def reaches(self, at, lm, fields=None):
        """Sends a request and has the host answer it; the request as it got there."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in (fields or {}).items())
        with client(at) as app:
            app.send(f"GET /v1/x HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode())
            peer, request = lm.take()
            peer.sendall(OK + b"x")
            app.until(b"\r\n\r\nx")
        return request

    def test_each_port_and_each_choice_reaches_its_host(self):
        with host() as one, host() as two:
            self.write(
                upstream("one", one.url),
                upstream("two", two.url, "127.0.0.1:0"),
                default_upstream="one",
            )
            proxy = self.start()
            shared = proxy.event("listening")
            own = proxy.event("listening")
            self.assertEqual((shared["host"], shared["upstream"]), ("one", one.url))
            self.assertEqual((own["host"], own["upstream"]), ("two", two.url))
            at = port_of(shared["listen"])
            self.reaches(at, one)
            self.assertNotIn(b"X-Secondwind", self.reaches(at, two, {"X-Secondwind-Host": "two"}))
            self.assertEqual(proxy.event("exchange")["host"], "one")
            self.assertEqual(proxy.event("exchange")["host"], "two")
            untouched = self.reaches(port_of(own["listen"]), two, {"X-Secondwind-Host": "one"})
            self.assertIn(b"X-Secondwind-Host: one\r\n", untouched)
            status, _, body = ask(at, "GET", "/", None, {"X-Secondwind-Host": "three"})
            self.assertEqual(status, 400)
            told = json.loads(body)["error"]["message"]
            self.assertIn('no host "three"', told)
            self.assertNotIn("one", told)  # whoever shows no key learns no name

    def test_each_host_is_seen_and_counted_and_a_retired_one_no_more(self):
        with host() as one, closed_port() as nobody:
            self.write(
                upstream("one", one.url), upstream("two", f"http://127.0.0.1:{nobody}")
            )
            proxy = self.start()
            admin = port_of(proxy.event("admin_listening")["listen"])
            at = port_of(proxy.event("listening")["listen"])
            self.assertEqual(ask(at, "GET", "/", None, {"X-Secondwind-Host": "two"})[0], 502)
            self.reaches(at, one)
            metrics = ask(admin, "GET", "/metrics")[2].decode()
            self.assertIn('secondwind_host_up{host="one"} 1', metrics)
            self.assertIn('secondwind_host_up{host="two"} 0', metrics)
            self.assertIn('secondwind_recoveries_total{host="two"', metrics)
            self.write(upstream("one", one.url))
            self.assertIn("upstreams", self.hang_up(proxy)["changed"])
            metrics = ask(admin, "GET", "/metrics")[2].decode()
            self.assertIn('{host="one"}', metrics)
            self.assertNotIn('host="two"', metrics)

    def test_no_listener_is_opened_where_one_cannot_be(self):
        with host() as one, socket.create_server(("127.0.0.1", 0)) as taken:
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            self.write(upstream("one", one.url), upstream("two", one.url, where))
            proxy = self.start()
            self.assertEqual(proxy.wait(), 1)
            said = "\n".join(proxy.errors.rest())
            self.assertIn(f"cannot listen on {where}: Address already in use.", said)
            self.assertIn('upstreams[].listen of "two"', said)

    def test_an_address_in_use_or_half_a_file_refuses_the_reload(self):
        with host() as one, socket.create_server(("127.0.0.1", 0)) as taken:
            self.write(upstream("one", one.url))
            proxy = self.start()
            at = port_of(proxy.event("listening")["listen"])
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            self.write(upstream("two", one.url, where), limits={"body": 1})
            self.assertIn(where, self.hang_up(proxy, "config_reload_failed")["error"])
            self.file.write_text(self.file.read_text()[:60])
            self.assertIn("JSON", self.hang_up(proxy, "config_reload_failed")["error"])
            self.reaches(at, one)
            self.assertEqual(proxy.event("exchange")["host"], "one")

    def test_the_admin_listener_answers_the_reload_that_moves_it(self):
        with host() as one:
            first, second = (
                f"127.0.0.1:{self.enterContext(closed_port())}" for _ in range(2)
            )
            admin = {"allow_actions": True, "listen": first}
            self.write(upstream("one", one.url), admin=admin)
            elsewhere = ["SECONDWIND_ADMIN_LISTEN"]  # the file says where
            proxy = self.enterContext(watched("-c", str(self.file), unset=elsewhere))
            before = port_of(proxy.event("admin_listening")["listen"])
            self.write(upstream("one", one.url), admin={**admin, "listen": second})
            status, fields, body = ask(
                before,
                "POST",
                "/api/reload",
                "{}",
                {"Content-Type": "application/json"},
            )
            self.assertEqual((status, json.loads(body)["changed"]), (200, ["admin.listen"]))
            self.assertEqual(fields["Connection"], "close")
            self.assertEqual(proxy.event("admin_listening")["listen"], second)
            proxy.event("config_reloaded")
            with self.assertRaises(ConnectionRefusedError):
                ask(before, "GET", "/livez")
            metrics = ask(port_of(second), "GET", "/metrics")[2].decode()
            self.assertIn('secondwind_config_reloads_total{result="applied"} 1', metrics)
            self.write(upstream("one", one.url), admin={**admin, "listen": "off"})
            self.hang_up(proxy)
            with self.assertRaises(ConnectionRefusedError):
                ask(port_of(second), "GET", "/livez")

    def test_a_hundred_reloads_of_listeners_and_hosts_leave_nothing_behind(self):
        with host() as one:
            self.write(upstream("one", one.url))
            proxy = self.start()
            at = port_of(proxy.event("listening")["listen"])
            for n in range(100):
                more = [upstream(f"n{n}-{i}", one.url, "127.0.0.1:0") for i in range(3)]
                self.write(upstream("one", one.url), *more)
                proxy.signal(signal.SIGHUP)
                own = [port_of(proxy.event("listening")["listen"]) for _ in more]
                proxy.event("config_reloaded")
                self.reaches(own[n % 3], one)
                self.write(upstream("one", one.url))
                self.hang_up(proxy)
                if n == 10:
                    descriptors, memory = proxy.descriptors(), proxy.memory()
            self.assertLessEqual(proxy.descriptors(), descriptors)
            if not sanitized():
                self.assertLess(proxy.memory() - memory, 1024 * 1024)
            self.reaches(at, one)


class streams(unittest.IsolatedAsyncioTestCase):
    """The effects of a reload and of a drain on listeners."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(folder, "secondwind.json")
        self.open = 0
        self.go_on = asyncio.Event()

    async def serve(self, peer):
        """A stream whose every chunk tells which request it answers; it rests in its middle."""
        name = (await peer.until(b"\r\n\r\n")).split()[1]
        pieces = [b"data: %s %d\n\n" % (name, n) for n in range(20)]
        chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
        await peer.send(STREAM + b"".join(chunks[:10]))
        self.open += 1
        await self.go_on.wait()
        for chunk in chunks[10:]:
            await peer.send(chunk)
        await peer.send(b"0\r\n\r\n")
        await peer.until(b"\r\n\r\n")  # the end

    async def begin(self, ports, number):
        apps = []
        for n in range(number):
            app = await connect(ports[n % len(ports)])
            await app.send(b"GET /s%d HTTP/1.1\r\nHost: x\r\n\r\n" % n)
            apps.append(app)
        await until(lambda: self.open == number)
        return apps

    async def expect_whole(self, apps):
        for n, app in enumerate(apps):
            got = await app.until(b"0\r\n\r\n")
            head, body = got.split(b"\r\n\r\n", 1)
            self.assertTrue(head.startswith(b"HTTP/1.1 200 OK"))
            pieces = [b"data: /s%d %d\n\n" % (n, i) for i in range(20)]
            whole = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
            self.assertEqual(body, whole)
            app.close()

    def write(self, *upstreams):
        self.file.write_text(json.dumps({"listen": "127.0.0.1:0", "upstreams": upstreams}))

    def start(self, listeners):
        proxy = self.enterContext(watched("-c", str(self.file)))
        return proxy, [port_of(proxy.event("listening")["listen"]) for _ in range(listeners)]

    async def test_reloads_that_take_all_listeners_away_lose_none(self):
        async with crowd.host(self.serve) as lm:
            self.write(upstream("one", lm.url), upstream("two", lm.url, "127.0.0.1:0"))
            proxy, ports = self.start(2)
            apps = await self.begin(ports, STREAMS)
            for name in ("three", "four"):
                # Hosts and listeners of other names: those that serve now go, all of them.
                self.write(upstream(name, lm.url), upstream(name + "-own", lm.url, "127.0.0.1:0"))
                proxy.signal(signal.SIGHUP)
                proxy.event("config_reloaded")
            self.assertEqual(self.open, STREAMS)
            self.go_on.set()
            await self.expect_whole(apps)

    async def test_term_lets_each_end_whole(self):
        async with crowd.host(self.serve) as lm:
            self.write(upstream("one", lm.url), upstream("two", lm.url, "127.0.0.1:0"))
            proxy, ports = self.start(2)
            apps = await self.begin(ports, 50)
            proxy.signal(signal.SIGTERM)
            proxy.event("draining")
            self.go_on.set()
            await self.expect_whole(apps)
            self.assertEqual(proxy.wait(), 0)


if __name__ == "__main__":
    unittest.main()
