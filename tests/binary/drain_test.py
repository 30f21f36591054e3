"""TERM while requests are running: clients that connected before it are served."""

import os
import signal
import unittest

from harness import binary_test, client, host

REQUEST = b"GET /v1/models HTTP/1.1\r\nHost: lm\r\n\r\n"
# Each request is taken on a connection of its own.
ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"


class drain(binary_test):
    def setUp(self):
        self.lm = self.enterContext(host())
        self.proxy, self.port = self.serving(self.lm.url)

    def stopped(self):
        """The process sees nothing that happens until it goes on."""
        self.proxy.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.proxy.number(), os.WSTOPPED | os.WNOWAIT)

    def go_on_with_term(self):
        self.proxy.signal(signal.SIGTERM)
        self.proxy.signal(signal.SIGCONT)

    def test_clients_that_were_not_accepted_yet_are_served(self):
        self.stopped()
        apps = [self.enterContext(client(self.port)) for _ in range(5)]
        for app in apps:
            app.send(REQUEST)
        self.go_on_with_term()
        for _ in apps:
            self.lm.take()[0].sendall(ANSWER)
        for app in apps:
            self.assertTrue(app.rest().endswith(b"ok"))
        self.assertEqual(self.proxy.wait(), 0)

    def test_a_request_on_a_kept_connection_is_served(self):
        app = self.enterContext(client(self.port))
        app.send(REQUEST)
        peer, _ = self.lm.take()
        peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        app.until(b"\r\n\r\n")
        peer.close()
        self.proxy.event("exchange")
        self.stopped()
        app.send(REQUEST)
        self.go_on_with_term()
        self.lm.take()[0].sendall(ANSWER)
        self.assertTrue(app.rest().endswith(b"ok"))
        self.assertEqual(self.proxy.wait(), 0)

    def test_a_first_request_may_be_on_its_way(self):
        app = self.enterContext(client(self.port))
        self.proxy.signal(signal.SIGTERM)
        self.proxy.event("draining")
        app.send(REQUEST)
        self.lm.take()[0].sendall(ANSWER)
        self.assertTrue(app.rest().endswith(b"ok"))
        self.assertEqual(self.proxy.wait(), 0)

    def test_a_client_that_only_connects_does_not_keep_it(self):
        app = self.enterContext(client(self.port))
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(app.rest(), b"")
        self.assertEqual(self.proxy.wait(), 0)


if __name__ == "__main__":
    unittest.main()
