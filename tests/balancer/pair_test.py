"""The example for HAProxy in front of two secondwinds, each in front of all three emulated hosts.

What must hold: when a secondwind is killed, only its own streams break; both choose the same host
for a model that is loaded nowhere, though they know nothing of each other; and all WebSockets of a
client meet one of them.
"""

import contextlib
import http.client
import json
import signal
import socket
import sys
import unittest

from balanced_site import PATIENCE, found
from harness import some_bytes
from traffic import site_test

SKIPPED = 77
UPGRADE = (
    b"GET /llm HTTP/1.1\r\nHost: site\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class pair(site_test):
    def embed(self, proxy):
        """Past the balancer."""
        body = json.dumps({"model": "stage/embedding", "input": "Hello"})
        connection = http.client.HTTPConnection(proxy.address, proxy.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(
                "POST", "/v1/embeddings", body, {"Content-Type": "application/json"}
            )
            return connection.getresponse().status

    def test_when_one_is_killed_only_its_own_streams_break(self):
        streams = self.open_streams()
        self.site.proxies["b"].signal(signal.SIGKILL)
        self.site.proxies["b"].wait()
        self.ask_on()
        for one, name in streams:
            if name == "b":
                self.assertFalse(one.finish().whole(), "it ended as if it were whole")
        self.site.balancer.log.until(lambda line: "Server secondwinds/b is DOWN" in line)
        self.release()
        for one, name in streams:
            if name != "b":
                self.assertTrue(one.finish().whole(), one.received)
        self.ask_on()

    def test_both_choose_the_same_host_for_a_cold_model(self):
        self.release()
        for proxy in self.site.proxies.values():
            self.assertEqual(self.embed(proxy), 200)
            for host in self.site.hosts.values():
                host.tell(unload="stage/embedding")
        loads = sorted(host.state()["loads"] for host in self.site.hosts.values())
        self.assertEqual(loads, [1, 1, 3], "each has loaded one model before")

    def test_the_websockets_of_a_client_meet_one_secondwind(self):
        for _ in range(4):
            one = self.enterContext(socket.create_connection(self.site.address, timeout=PATIENCE))
            one.sendall(UPGRADE)
            self.assertIn(b" 101 ", some_bytes(one).partition(b"\r\n")[0])
        tunnels = sorted(
            len(self.admin(proxy, "/api/status")[1]["exchanges"])
            for proxy in self.site.proxies.values()
        )
        self.assertEqual(tunnels, [0, 4])


if __name__ == "__main__":
    if not found("haproxy"):
        print("skipped: haproxy is missing", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
