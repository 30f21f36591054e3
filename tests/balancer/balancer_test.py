"""The examples for HAProxy and nginx, run in front of three secondwinds and three emulated hosts.

BALANCER selects one. What must hold: a stream arrives as it is written; when a secondwind is
killed, only its own streams break, and when it is drained, none does; other clients never notice.
"""

import os
import signal
import socket
import sys
import unittest

from balanced_site import PATIENCE, found
from harness import some_bytes
from traffic import site_test, stream

KIND = os.environ["BALANCER"]
SKIPPED = 77


class balancer(site_test):
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
