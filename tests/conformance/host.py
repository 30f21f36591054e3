"""The host behind the proxy, scripted by the case, which sees every byte that arrives."""

import select
import socket
import time

import messages
from wire import BOUND, failure, shown, stream


class scripted_host:
    def __init__(self):
        self.connections = []
        self.port = 0
        # Stays bound, so that nobody else gets the port while the listening socket is closed.
        self._held = self._bound()
        self.port = self._held.getsockname()[1]
        self.listener = None
        self.back_up()

    def go_down(self):
        """Refuses connections."""
        self.listener.close()
        self.listener = None

    def back_up(self):
        if self.listener is None:
            self.listener = self._bound()
            self.listener.listen(64)

    def _bound(self):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(("127.0.0.1", self.port))
        return one

    def close(self):
        for connection in self.connections:
            connection.close()
        self.go_down()
        self._held.close()

    def drop_connections(self):
        """Closes every connection, even those that are not accepted yet."""
        for connection in self.connections:
            connection.close()
        while select.select([self.listener], [], [], 0)[0]:
            self.listener.accept()[0].close()
        self.connections = []

    def live(self):
        return [c for c in self.connections if not c.end]

    def step(self, deadline, client=None, waiting_for="a request at the host"):
        """Waits until anything happens: a connection, bytes, an end, here or at the client."""
        watched = [self.listener, *self.live(), *([client] if client and not client.end else [])]
        ready, _, _ = select.select(watched, [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            came = [shown(c.received) for c in self.connections]
            answered = f"; the client has {shown(client.unread)}" if client else ""
            raise failure(waiting_for, f"nothing; the host has {came}{answered}")
        for one in ready:
            if one is self.listener:
                sock, (_, port) = self.listener.accept()
                self.connections.append(stream(sock, "host", port))
            else:
                one.pump()

    def next_request(self, client=None):
        """The next request on any connection, with that connection.

        With a client, an answer of the proxy itself is a failure at once."""
        deadline = time.monotonic() + BOUND
        while True:
            for connection in self.connections:
                if connection.unread:
                    got = messages.read_request(connection)
                    if got is not None:
                        return connection, got
                    raise failure("a whole request at the host", shown(connection.received))
            if client and (client.end or (client.unread and b"HTTP/1.1 100 " not in client.unread)):
                raise failure(
                    "the request at the host", f"an answer without it: {shown(client.unread)}"
                )
            self.step(deadline, client)

    def serve(self, answer=messages.OK, client=None):
        """Answers the next request, and returns it."""
        connection, got = self.next_request(client)
        connection.send(answer)
        return got
