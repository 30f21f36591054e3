"""A running proxy between clients and the scripted host, and the checks of the cases."""

import json
import socket
import time

import messages
from host import scripted_host
from wire import BOUND, check, shown, stream


class stage:
    def __init__(self, target, setup):
        self.host = scripted_host()
        self.setup = setup
        self.proxy = target(self.host.port, setup)
        self.ours = self.proxy.ours
        self.clients = []

    def client(self, greeting=b""):
        sock = socket.create_connection(("127.0.0.1", self.proxy.port), BOUND)
        made = stream(sock, "client", self.proxy.port)
        self.clients.append(made)
        return made.send(greeting) if greeting else made

    def first(self, client):
        """Waits for the first of these: bytes at the host, an answer, or an end here."""
        deadline = time.monotonic() + BOUND
        while not (client.unread or client.end or any(c.unread for c in self.host.connections)):
            self.host.step(deadline, client, "a request at the host, or an answer")

    def passes(self, raw, answer=messages.OK):
        """The request reaches the host, and the host's answer the client. Returns the former."""
        client = self.client(raw)
        got = self.host.serve(answer, client)
        check(got.complete, "a whole request at the host", got)
        back = messages.read_answer(client, got.method)
        check(back.complete and back.status == 200, "the host's answer at the client", back)
        return got

    def relays(self, answer, request=messages.get(), end=None):
        """The client's view of the host's answer; `end` is how the host leaves afterwards."""
        client = self.client(request)
        connection, got = self.host.next_request(client)
        connection.send(answer)
        if end:
            getattr(connection, end)()
        return client, messages.read_answer(client, got.method)

    def refuses(self, raw, *statuses, partly=False):
        """The client is refused and its connection ends; nothing of the request is served.

        With `partly`, a proxy that streams may have begun to send it, never completed it."""
        client = self.client(raw)
        deadline = time.monotonic() + BOUND
        while not client.end:
            self.host.step(deadline, client, "the client to be refused and closed")
            self._nothing_whole(partly)
        self._refusal(bytes(client.received), statuses)
        self.nothing_reached(partly)

    def _nothing_whole(self, partly):
        for connection in self.host.connections:
            got = bytes(connection.received)
            if got and not got.startswith(b"GET /sentinel "):
                check(partly, "nothing at the host", shown(got))
                check(not _is_whole(got), "no whole request at the host", shown(got))

    def _refusal(self, got, statuses):
        """Other proxies may choose another error, or close without one."""
        status = int(got[9:12]) if got.startswith(b"HTTP/1.") and got[9:12].isdigit() else None
        if not self.ours:
            check(status is None or status >= 400, "a refusal", shown(got))
            return
        check(status in statuses, f"status {' or '.join(map(str, statuses))}", shown(got))
        self.is_own_error(got)

    def is_own_error(self, got):
        """An error of the proxy itself: JSON, for the apps that read it."""
        if self.ours:
            head, _, body = got.partition(b"\r\n\r\n")
            try:
                message = json.loads(body)["error"]["message"]
            except (ValueError, KeyError, TypeError):
                message = ""
            check(message and b"application/json" in head, "an error in JSON", shown(got))

    def nothing_reached(self, partly=False):
        """A valid request on a new connection is the first that the host sees.

        With `partly`, the beginning of another one may come first, which is never completed."""
        client = self.client(messages.get(target=b"/sentinel"))
        deadline = time.monotonic() + BOUND
        served = False
        while not served or (partly and len(self.host.live()) > 1):
            for connection in self.host.connections:
                got = bytes(connection.received)
                if not got.startswith(b"GET /sentinel "):
                    self._nothing_whole(partly)
                elif not served and b"\r\n\r\n" in got:
                    connection.send(messages.OK)
                    back = messages.read_answer(client)
                    check(back.body == b"ok", "the answer to a good request", back)
                    served = True
                    break
            else:
                self.host.step(deadline, client, "a good request at the host, and no other")

    def own_error(self, client, *statuses, method=b"GET"):
        """A complete error of the proxy itself; others may choose any 5xx, or just close."""
        if (
            not self.ours
            and not client.unread
            and not client.pump_until(time.monotonic() + BOUND, "an error")
        ):
            return
        got = messages.read_answer(client, method)
        wanted = statuses if self.ours else range(500, 600)
        check(
            got.complete and got.status in wanted, f"status {' or '.join(map(str, statuses))}", got
        )
        if method != b"HEAD":
            self.is_own_error(got.raw)

    def is_cut(self, client):
        """An error instead of the answer, or an answer that cannot look complete."""
        if not client.received and not client.unread:
            deadline = time.monotonic() + BOUND
            if not client.pump_until(deadline, "an answer or an end"):
                return
        got = messages.read_answer(client)
        if got.status in (502, 504):
            self.is_own_error(got.raw)
        else:
            check(not got.complete, "a cut answer", got)
            client.rest()

    def in_step(self, client, target=b"/next"):
        """The client's connection serves another request, or has ended."""
        client.send(messages.get(target=target))
        deadline = time.monotonic() + BOUND
        while not client.end:
            for connection in self.host.connections:
                if connection.unread:
                    got = messages.read_request(connection)
                    check(got is not None and got.target == target, f"a GET of {target}", got)
                    connection.send(messages.answer(body=b"in step"))
                    back = messages.read_answer(client)
                    check(back.body == b"in step", "the answer to the next request", back)
                    return
            check(not client.unread, "nothing before the next answer", shown(client.unread))
            self.host.step(deadline, client, "the next request on the connection")
        check(not client.unread, "nothing but the end", shown(client.unread))

    def settle(self):
        """Ends a case: closes its connections, and waits until nothing is in transit."""
        for client in self.clients:
            client.close()
        self.clients = []
        self.host.back_up()
        self.host.drop_connections()
        fence = self.client(messages.get(target=b"/fence"))
        # Closed as announced, so that the next case meets no idle connection of this one.
        last = messages.answer(b"Connection: close", body=b"ok")
        while self.host.serve(last, fence).target != b"/fence":
            pass
        messages.read_answer(fence)
        fence.close()
        self.clients = []
        self.host.drop_connections()

    def close(self):
        for client in self.clients:
            client.close()
        self.proxy.stop()
        self.host.close()


class _bytes_seen:
    """Complete bytes, for the readers of messages."""

    def __init__(self, data):
        self.received, self.read, self.end, self.name = data, 0, "closed", "host"

    def until(self, marker):
        found = self.received.find(marker, self.read)
        if found < 0:
            return None
        return self._take(found + len(marker))

    def exactly(self, size):
        return self._take(min(self.read + size, len(self.received)))

    def _take(self, to):
        taken, self.read = self.received[self.read : to], to
        return taken


def _is_whole(data):
    got = messages.read_request(_bytes_seen(data))
    return got is not None and got.complete
