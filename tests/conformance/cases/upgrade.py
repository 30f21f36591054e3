"""Section 7: upgrades and tunnels (RFC 9110 section 7.8; RFC 6455; RFC 9113 section 3.2)."""

import time

import messages
from messages import CHUNKED, answer, chunk, get, request
from registry import add, in_section
from wire import check

case = in_section(7)
WEBSOCKET = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    b"Sec-WebSocket-Version: 13",
    b"Origin: http://app",
)
SWITCHED = answer(
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    line=b"HTTP/1.1 101 Switching Protocols",
)


def tunnel(on, early_client=b"", early_host=b""):
    """Both ends of a tunnel, after the handshake: (client, host)."""
    client = on.client(get(*WEBSOCKET) + early_client)
    host, got = on.host.next_request(client)
    check(got.value(b"upgrade") == b"websocket", "Upgrade: websocket", got)
    check(got.value(b"connection").lower() == b"upgrade", "Connection: upgrade", got)
    host.send(SWITCHED + early_host)
    back = messages.read_answer(client)
    check(back.status == 101, 101, back)
    return client, host


@case()
def a_websocket_passes_with_all_its_fields_both_ways(on):
    client = on.client(get(*WEBSOCKET))
    host, got = on.host.next_request(client)
    for line in WEBSOCKET[2:]:
        check(got.has(line), line, got)
    host.send(SWITCHED)
    back = messages.read_answer(client)
    check(
        back.value(b"sec-websocket-accept") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "the accept", back
    )
    check(
        back.value(b"upgrade") == b"websocket" and back.value(b"connection").lower() == b"upgrade",
        "both",
        back,
    )


@case()
def bytes_pass_both_ways_at_once_as_they_are(on):
    client, host = tunnel(on)
    every = bytes(range(256))
    for n in range(5):
        client.send(every + b"to %d" % n)
        host.send(every + b"from %d" % n)
        host.expect(every + b"to %d" % n)
        client.expect(every + b"from %d" % n)


@case()
def bytes_that_come_with_the_request_arrive(on):
    client, host = tunnel(on, early_client=b"\x81\x05early")
    host.expect(b"\x81\x05early")
    host.send(b"later")
    client.expect(b"later")


@case()
def bytes_that_come_with_the_101_arrive(on):
    client, host = tunnel(on, early_host=b"\x81\x05early")
    client.expect(b"\x81\x05early")
    client.send(b"later")
    host.expect(b"later")


@case()
def bytes_that_come_with_both_arrive(on):
    client, host = tunnel(on, b"GET /smuggled HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
    host.expect(b"GET /smuggled HTTP/1.1\r\n\r\n")
    client.expect(b"HTTP/1.1 200 OK\r\n\r\n")


@case()
def many_bytes_pass_in_a_tunnel(on):
    client, host = tunnel(on)
    data = bytes(range(256)) * 4096
    client.send_beside(data)
    host.send_beside(data)
    check(host.exactly(len(data)) == data, "1 MiB at the host", len(host.received))
    check(client.exactly(len(data)) == data, "1 MiB at the client", len(client.received))


def half_close(title, leaver, stayer):
    def run(on):
        ends = dict(zip(("client", "host"), tunnel(on)))
        ends[leaver].send(b"last words")
        ends[leaver].half_close()
        ends[stayer].expect(b"last words")
        ends[stayer].expect_end()
        ends[stayer].end = None
        ends[stayer].send(b"a late answer")
        ends[leaver].expect(b"a late answer")
        ends[stayer].half_close()
        ends[leaver].expect_end()

    add(7, title, run)


half_close("a client's half-close passes, and the host may still speak", "client", "host")
half_close("a host's half-close passes, and the client may still speak", "host", "client")


def leaves(title, leaver, stayer, how):
    def run(on):
        ends = dict(zip(("client", "host"), tunnel(on)))
        ends[leaver].send(b"last words")
        ends[stayer].expect(b"last words")
        began = time.monotonic()
        getattr(ends[leaver], how)()
        ends[stayer].expect_end()
        took = time.monotonic() - began
        check(took < 1, "the end within a second", f"{took:.3f} s")

    add(7, title, run)


for how in ("close", "reset"):
    leaves(f"a client's {how} reaches the host after the bytes before it", "client", "host", how)
    leaves(f"a host's {how} reaches the client after the bytes before it", "host", "client", how)


@case()
def a_host_that_speaks_and_closes_at_once_is_heard(on):
    client, host = tunnel(on)
    host.send(b"goodbye")
    host.close()
    client.expect(b"goodbye")
    client.expect_end()


def accepted(title, *lines):
    def run(on):
        client = on.client(get(*lines))
        host, got = on.host.next_request(client)
        check((got.value(b"upgrade") or b"").lower() == b"websocket", "Upgrade: websocket", got)
        host.send(SWITCHED + b"hi")
        check(messages.read_answer(client).status == 101, 101, bytes(client.received))
        client.expect(b"hi")

    add(7, title, run)


accepted(
    "WebSocket in other letters is a websocket",
    b"Connection: upgrade",
    b"Upgrade: WebSocket",
    *WEBSOCKET[2:],
)
accepted(
    "upgrade among other options is one",
    b"Connection: keep-alive, Upgrade",
    b"Upgrade: websocket",
    *WEBSOCKET[2:],
)
accepted(
    "upgrade on a second Connection line is one",
    b"Connection: keep-alive",
    b"Connection: UPGRADE",
    b"Upgrade: websocket",
    *WEBSOCKET[2:],
)


def refused(status):
    """The host declines: an ordinary answer, and the bytes after the request are HTTP."""

    def run(on):
        client = on.client(get(*WEBSOCKET) + get(target=b"/behind"))
        connection, _ = on.host.next_request(client)
        connection.send(answer(line=b"HTTP/1.1 " + status, body=b"no"))
        back = messages.read_answer(client)
        check(back.status == int(status[:3]) and back.body == b"no", status, back)
        if not client.end:
            check(
                on.host.serve(answer(body=b"behind")).target == b"/behind",
                "/behind",
                "another request",
            )
            check(messages.read_answer(client).body == b"behind", "behind", bytes(client.received))

    add(
        7,
        f"{status.decode()} to an upgrade is an ordinary answer on a connection that goes on",
        run,
    )


for status in (
    b"200 OK",
    b"400 Bad Request",
    b"403 Forbidden",
    b"404 Not Found",
    b"426 Upgrade Required",
    b"503 Busy",
):
    refused(status)


@case()
def bytes_after_a_refused_upgrade_are_checked_as_HTTP(on):
    client = on.client(get(*WEBSOCKET) + b"GET /b c HTTP/1.1\r\nHost: h\r\n\r\n")
    connection, _ = on.host.next_request(client)
    connection.send(answer(line=b"HTTP/1.1 403 Forbidden", body=b"no"))
    check(messages.read_answer(client).status == 403, 403, bytes(client.received))
    client.rest()
    check(b"HTTP/1.1 200" not in client.received, "no success", bytes(client.received))
    check(not connection.unread, "nothing more at the host", connection.unread)
    on.host.drop_connections()
    on.nothing_reached()


def body_delivered(title, body, framing):
    def run(on):
        client = on.client(request(*WEBSOCKET, framing, body=body))
        got = on.host.serve(client=client)
        check(got.complete and got.body == b"hello", "hello", got)
        check(messages.read_answer(client).body == b"ok", "ok", bytes(client.received))

    add(7, title, run)


body_delivered("the body of an upgrade request is delivered", b"hello", b"Content-Length: 5")
body_delivered(
    "the chunks of an upgrade request are delivered", chunk(b"hello") + b"0\r\n\r\n", CHUNKED
)


def dropped(title, *lines, gone=(b"Upgrade",), version=b"HTTP/1.1"):
    """The request is sent on as plain HTTP, without a trace of the upgrade."""

    def run(on):
        got = on.passes(get(*lines, b"X-End: a", version=version))
        for name in gone:
            check(not got.values(name), f"no {name.decode()}", got)
        options = b",".join(got.values(b"connection")).lower()
        check(b"upgrade" not in options and b"http2" not in options, "no such option", got)
        check(got.has(b"X-End: a"), "the rest", got)

    add(7, title, run)


H2C = (
    b"Connection: Upgrade, HTTP2-Settings",
    b"Upgrade: h2c",
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
)
dropped("h2c is dropped with its settings", *H2C, gone=(b"Upgrade", b"HTTP2-Settings"))
dropped(
    "h2c without its option is dropped too", H2C[1], H2C[2], gone=(b"Upgrade", b"HTTP2-Settings")
)
dropped("TLS/1.0 is dropped", b"Connection: upgrade", b"Upgrade: TLS/1.0")
dropped("an unknown protocol is dropped", b"Connection: upgrade", b"Upgrade: gopher/2")
dropped("a websocket without the option upgrade is dropped", *WEBSOCKET[1:])
dropped("a websocket on HTTP/1.0 is ignored", *WEBSOCKET, version=b"HTTP/1.0")


@case()
def the_connection_of_an_ended_tunnel_serves_nobody_else(on):
    client, host = tunnel(on)
    client.close()
    host.expect_end()
    on.passes(get(target=b"/b"))
    check(not host.unread, "nothing after a tunnel", host.unread)
