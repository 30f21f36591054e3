"""An upstream that leads to secondwind itself: refused at the start where that can be seen, and
otherwise noticed by the requests that come back."""

import json
import pathlib
import signal
import socket
import tempfile
import threading
import unittest

from harness import ask, binary_test, client, closed_port, host, port_of, process, run

MANY_IN_FLIGHT = 32  # from which on requests bear the name of their sender


def own_address():
    """An address of this machine that is not loopback; none if it has no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return s.getsockname()[0]


class splice:
    """Passes connections on, so that the other end cannot recognise them."""

    def __init__(self, port):
        self._port = port
        self.connections = 0

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._held = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self._listener.getsockname()[1]

    def __exit__(self, *_):
        self._listener.close()
        for each in self._held:
            each.close()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            self._held += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    @staticmethod
    def _copy(one, other):
        try:
            while piece := one.recv(65536):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class loops_in_the_settings(unittest.TestCase):
    def test_an_upstream_that_is_a_listener_is_refused_in_every_spelling(self):
        loopback = ("127.0.0.1", "localhost", "LOCALHOST.", "a.localhost", "127.1", "0.0.0.0")
        loopback += ("[::ffff:127.0.0.1]", "0x7f000001", "2130706433")
        places = {"127.0.0.1:1235": loopback, "[::1]:1235": ("localhost", "[::1]", "[::]")}
        mine = own_address()
        everywhere = (*loopback, "127.0.0.2", *((mine,) if mine else ()))
        places["0.0.0.0:1235"] = everywhere
        places["[::]:1235"] = (*everywhere, "[::1]")
        for listen, hosts in places.items():
            for name in hosts:
                with self.subTest(listen=listen, host=name):
                    settings = ("--listen", listen, "--upstream", f"http://{name}:1235")
                    for verb in (("check",), ()):
                        ended = run(*verb, *settings, "--admin", "off")
                        self.assertEqual(ended.returncode, 78, ended.stderr)
                        self.assertIn("is secondwind itself", ended.stderr)
                        self.assertEqual(ended.stdout, "")

    def test_a_name_of_this_machine_is_refused(self):
        name = socket.gethostname()
        try:
            socket.getaddrinfo(name, 1235)
        except OSError:
            self.skipTest("this machine does not know its own name")
        ended = run("check", "--listen", "0.0.0.0:1235", "--upstream", f"http://{name}:1235")
        self.assertEqual(ended.returncode, 78, ended.stderr)

    def test_every_listener_counts(self):
        def told(url, *, env=None):
            ended = run("check", "--upstream", url, env=env)
            self.assertEqual(ended.returncode, 78, ended.stdout)
            return ended.stderr

        self.assertIn("admin.listen is 127.0.0.1:9235", told("http://localhost:9235"))
        probes = {"SECONDWIND_ADMIN_PROBE_LISTEN": "127.0.0.1:9236"}
        self.assertIn("admin.probe_listen is", told("http://localhost:9236", env=probes))
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "secondwind.json")
            one = {"name": "one", "url": "http://127.0.0.1:1234", "listen": "127.0.0.1:4001"}
            two = {"name": "two", "url": "http://127.0.0.1:4001"}
            file.write_text(json.dumps({"upstreams": [one, two]}))
            ended = run("check", "-c", str(file))
            self.assertEqual(ended.returncode, 78)
            self.assertIn('the listen of "one" is 127.0.0.1:4001', ended.stderr)

    def test_another_server_with_the_same_port_is_allowed(self):
        for url in ("http://127.0.0.2:1235", "http://192.0.2.7:1235", "http://[::1]:1235"):
            ended = run("check", "--listen", "127.0.0.1:1235", "--upstream", url)
            self.assertEqual(ended.returncode, 0, ended.stderr)


class loops(binary_test):
    def listening_at(self, port, upstream):
        proxy = self.enterContext(
            process("--listen", f"127.0.0.1:{port}", "--upstream", f"http://127.0.0.1:{upstream}")
        )
        proxy.event("listening")
        return proxy

    def exchanges(self, proxy):
        proxy.signal()
        self.assertEqual(proxy.wait(), 0)
        return sum('"event":"exchange"' in line for line in proxy.errors.rest())

    def test_a_reload_that_would_make_a_loop_is_refused(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "secondwind.json")
        port = self.enterContext(closed_port())
        file.write_text(json.dumps({"listen": f"127.0.0.1:{port}"}))
        proxy = self.enterContext(process("-c", str(file)))
        proxy.event("listening")
        upstream = {"name": "a", "url": f"http://localhost:{port}"}
        file.write_text(json.dumps({"listen": f"127.0.0.1:{port}", "upstreams": [upstream]}))
        proxy.signal(signal.SIGHUP)
        self.assertIn("is secondwind itself", proxy.event("config_reload_failed")["error"])

    def test_a_request_that_comes_back_is_answered_at_the_first_hop(self):
        # The port is known only after the settings were checked, as the address of a name may be.
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "secondwind.json")
        port = self.enterContext(closed_port())
        file.write_text(json.dumps({"listen": "127.0.0.1:0"}))
        proxy = self.enterContext(process("-c", str(file)))
        port = port_of(proxy.event("listening")["listen"])
        upstream = {"name": "a", "url": f"http://127.0.0.1:{port}"}
        file.write_text(json.dumps({"listen": "127.0.0.1:0", "upstreams": [upstream]}))
        proxy.signal(signal.SIGHUP)
        proxy.event("config_reloaded")
        for method in ("GET", "POST"):
            status, _, body = ask(port, method, "/v1/models", b"{}" if method == "POST" else None)
            self.assertEqual((status, json.loads(body)["error"]["code"]), (508, "loop"))
        self.assertEqual(self.exchanges(proxy), 4)

    def test_a_loop_through_others_ends_soon(self):
        with closed_port() as port, splice(port) as through:
            proxy = self.listening_at(port, through)
            status, _, body = ask(port, "GET", "/v1/models")
            self.assertEqual((status, json.loads(body)["error"]["code"]), (508, "loop"))
            self.assertLessEqual(self.exchanges(proxy), MANY_IN_FLIGHT + 2)

    def test_a_loop_of_two_secondwinds_ends_soon(self):
        with closed_port() as one, closed_port() as two:
            first = self.listening_at(one, two)
            self.listening_at(two, one)
            status, _, body = ask(one, "GET", "/v1/models")
            self.assertEqual((status, json.loads(body)["error"]["code"]), (508, "loop"))
            self.assertLessEqual(self.exchanges(first), MANY_IN_FLIGHT + 2)

    def test_two_secondwinds_in_a_row_serve_also_when_they_are_busy(self):
        lm = self.enterContext(host())
        _, second = self.serving(lm.url)
        _, first = self.serving(f"http://127.0.0.1:{second}")
        apps = [self.enterContext(client(first)) for _ in range(2 * MANY_IN_FLIGHT)]
        marked = 0
        peers = []
        for app in apps:
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: lm\r\n\r\n")
            peer, request = lm.take()
            peers.append(peer)
            marks = [line for line in request.split(b"\r\n") if line.startswith(b"Via: ")]
            self.assertEqual(len(set(marks)), len(marks))
            self.assertIn(len(marks), (0, 2))
            marked += bool(marks)
        self.assertEqual(marked, MANY_IN_FLIGHT)
        for peer in peers:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        for app in apps:
            self.assertTrue(app.until(b"ok").startswith(b"HTTP/1.1 200 OK\r\n"))


if __name__ == "__main__":
    unittest.main()
