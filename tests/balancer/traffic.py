"""The clients of a balanced site, and what its tests have in common."""

import http.client
import json
import os
import socket
import time
import unittest

from balanced_site import PATIENCE, site
from harness import client

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


class site_test(unittest.TestCase):
    def setUp(self):
        self.site = self.enterContext(site(os.environ["BALANCER"]))
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
        self.assertEqual(set(proxies.values()), set(self.site.proxies), "all share the work")
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
