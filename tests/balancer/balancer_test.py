"""The examples for HAProxy and nginx, run in front of three secondwinds and three emulated hosts.

BALANCER selects one. What must hold: a stream arrives as it is written; when a secondwind is
killed, only its own streams break, and when it is drained, none does; other clients never notice.
"""

import http.client
import json
import os
import signal
import socket
import sys
import time
import unittest

from balanced_site import NAMES, PATIENCE, found, site
from harness import client, some_bytes

KIND = os.environ["BALANCER"]
SKIPPED = 77
STREAMS = 6


def chat(**more):
    body = {"model": "stage/resident", "messages": [{"role": "user", "content": "Hello"}]}
    return json.dumps({**body, **more}).encode()


STREAMED = chat(stream=True)
SHORT = chat(max_tokens=1)


class stream(client):
    """A chat whose answer has begun and is held by its host."""

    def __init__(self, address, name):
        self._socket = socket.create_connection(address, timeout=PATIENCE)
        self.name = name
        self.send(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: site\r\nX-Request-Id: %s\r\n"
            b"Content-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            % (name.encode(), len(STREAMED), STREAMED)
        )
        self.received = self.until(b'"content":')

    def finish(self):
        self.received += self.rest()
        return self

    def leave(self):
        self._socket.close()

    def whole(self):
        return b"data: [DONE]" in self.received and self.received.endswith(b"\r\n0\r\n\r\n")


class balancer(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(site(KIND))
        self.tell_all(load="stage/resident")
        # Held at the second token: a request for one token gets its whole answer.
        self.tell_all(hold_generations=2)
        self.await_balancer()

    def await_balancer(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.assertEqual(self.ask_once(), 200)
                return
            except ConnectionRefusedError:
                # It does not report when it listens, so there is nothing to wait for.
                self.assertLess(time.monotonic(), deadline, self.site.balancer.log.seen)
                time.sleep(0.01)

    def ask_once(self):
        connection = http.client.HTTPConnection(*self.site.address, timeout=PATIENCE)
        try:
            connection.request(
                "POST", "/v1/chat/completions", SHORT, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def ask_on(self):
        """Sends requests that must all succeed; the balancer sends them to the servers in turn."""
        self.assertEqual([self.ask_once() for _ in range(9)], [200] * 9)

    def open_streams(self):
        """Running streams, and the proxy of each."""
        streams = [
            self.enterContext(stream(self.site.address, f"stream-{i}")) for i in range(STREAMS)
        ]
        proxies = {
            exchange["request_id"]: name
            for name, proxy in self.site.proxies.items()
            for exchange in self.admin(proxy, "/api/status")[1]["exchanges"]
        }
        self.assertEqual(set(proxies.values()), set(NAMES), "all share the work")
        return [(s, proxies[s.name]) for s in streams]

    def admin(self, proxy, path):
        connection = http.client.HTTPConnection(proxy.address, proxy.admin, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def tell_all(self, **command):
        for host in self.site.hosts.values():
            host.tell(**command)

    def release(self):
        self.tell_all(release_generations=True)

    def await_down(self, name, reason):
        """HAProxy checks and logs it; nginx learns it from its own attempts, and logs nothing."""
        if KIND == "haproxy":
            self.site.balancer.log.until(
                lambda line: f"Server secondwinds/{name} is DOWN" in line and reason in line
            )

    def test_a_stream_arrives_as_it_is_written(self):
        with stream(self.site.address, "unbuffered") as one:
            # Each token arrives before its host may generate the one after the next.
            for tokens in range(3, 7):
                self.tell_all(hold_generations=tokens)
                one.received += one.until(b'"content":')
            self.assertNotIn(b"[DONE]", one.received)
            self.release()
            self.assertTrue(one.finish().whole(), one.received)

    def test_a_client_that_leaves_frees_its_host(self):
        (one, name), *_ = self.open_streams()
        one.leave()
        counts = self.site.hosts[name].tell(**{"await": {"aborted": 1}})
        self.assertEqual(counts["generations"]["aborted"], 1)

    def test_a_websocket_works(self):
        with socket.create_connection(self.site.address, timeout=PATIENCE) as one:
            one.sendall(
                b"GET /llm HTTP/1.1\r\nHost: site\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            self.assertIn(b" 101 ", some_bytes(one).partition(b"\r\n")[0])

    def test_when_one_is_killed_only_its_own_streams_break(self):
        streams = self.open_streams()
        self.site.proxies["b"].signal(signal.SIGKILL)
        self.site.proxies["b"].wait()
        self.ask_on()
        for one, name in streams:
            if name == "b":
                self.assertFalse(one.finish().whole(), "it ended as if it were whole")
        self.await_down("b", "Layer4 connection problem")
        self.release()
        for one, name in streams:
            if name != "b":
                self.assertTrue(one.finish().whole(), one.received)
        self.ask_on()

    def test_when_one_is_drained_no_stream_breaks(self):
        streams = self.open_streams()
        drained = self.site.proxies["b"]
        drained.signal(signal.SIGTERM)
        drained.event("draining")
        self.assertEqual(self.admin(drained, "/readyz"), (503, {"status": "draining"}))
        self.ask_on()
        self.await_down("b", "code: 503")
        self.release()
        for one, _ in streams:
            self.assertTrue(one.finish().whole(), one.received)
        self.assertEqual(drained.wait(), 0)
        self.ask_on()

    @unittest.skipUnless(KIND == "haproxy", "nginx does not ask whether they are ready")
    def test_one_whose_host_is_down_gets_nothing_new(self):
        self.site.hosts["b"].end()
        self.await_down("b", "code: 503")
        self.ask_on()


if __name__ == "__main__":
    if not found(KIND):
        print(f"skipped: {KIND} is missing", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
