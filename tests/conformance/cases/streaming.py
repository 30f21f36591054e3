"""Section 8: what is sent in pieces arrives piece by piece, and bytes may come one at a time."""

import time

import messages
from messages import CHUNKED, OK, answer, chunk, get, post, request
from registry import add, in_section
from wire import BOUND, check

case = in_section(8)
EVENTS = answer(CHUNKED, b"Content-Type: text/event-stream", b"Cache-Control: no-cache")
LAST = b"0\r\n\r\n"


def token(text):
    return b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % text


def piece_by_piece(title, head, pieces, tail=b"", end=None, sent=post(b"{}")):
    """Each piece must arrive at the client before the host sends the next."""

    def run(on):
        client = on.client(sent)
        connection, _ = on.host.next_request(client)
        connection.send(head)
        for wire, payload in pieces:
            connection.send(wire)
            check(client.until(payload) is not None, payload, bytes(client.received))
        connection.send(tail)
        if end:
            getattr(connection, end)()
            if b"chunked" in client.received:  # the proxy made chunks
                check(client.until(LAST) is not None, "the last chunk", bytes(client.received))
            else:
                client.expect_end()
        elif tail:
            check(client.until(tail) is not None, tail, bytes(client.received))

    add(8, title, run)


def chunks(*payloads):
    return [(chunk(payload), payload) for payload in payloads]


def plain(*payloads):
    return [(payload, payload) for payload in payloads]


TOKENS = [token(b"%d" % n) for n in range(20)]
PLAIN = b"Content-Type: text/plain"
piece_by_piece("events in chunks", EVENTS, chunks(*TOKENS, b"data: [DONE]\n\n"), LAST)
piece_by_piece(
    "events until close", answer(b"Content-Type: text/event-stream"), plain(*TOKENS), end="close"
)
piece_by_piece("events of a GET", EVENTS, chunks(*TOKENS), LAST, sent=get())
piece_by_piece(
    "events to a 1.0 client",
    answer(b"Content-Type: text/event-stream"),
    plain(*TOKENS),
    end="close",
    sent=get(version=b"HTTP/1.0"),
)
piece_by_piece("two events in one chunk", EVENTS, chunks(TOKENS[0] + TOKENS[1], TOKENS[2]), LAST)
piece_by_piece(
    "comments between events",
    EVENTS,
    chunks(TOKENS[0], b": ping\n\n", b": ping again\n\n", TOKENS[1]),
    LAST,
)
piece_by_piece(
    "halves of an event, once it has begun to flow",
    EVENTS,
    chunks(TOKENS[0], TOKENS[1][:9], TOKENS[1][9:], b"id: 7\n", b"data: x\n", b"\n"),
    LAST,
)
piece_by_piece(
    "halves of a chunk",
    EVENTS,
    [(chunk(TOKENS[0]), TOKENS[0]), (b"a\r\n01234", b"01234"), (b"56789\r\n", b"56789")],
    LAST,
)
piece_by_piece(
    "events with CRLF", EVENTS, chunks(*[one.replace(b"\n", b"\r\n") for one in TOKENS]), LAST
)
piece_by_piece(
    "Anthropic's events",
    EVENTS,
    chunks(
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","delta":{"text":"a"}}\n\n',
        b'event: ping\ndata: {"type":"ping"}\n\n',
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ),
    LAST,
)
piece_by_piece(
    "chunks of text", answer(CHUNKED, PLAIN), chunks(*[b"part %d;" % n for n in range(20)]), LAST
)
piece_by_piece(
    "chunks of one byte", answer(CHUNKED, PLAIN), chunks(*[b"%c" % n for n in range(97, 117)]), LAST
)
piece_by_piece(
    "parts of a body with a length",
    answer(b"Content-Length: 80", PLAIN),
    plain(*[b"part%04d" % n for n in range(10)]),
)
piece_by_piece(
    "parts of a body until close",
    answer(PLAIN),
    plain(*[b"part%04d" % n for n in range(10)]),
    end="close",
)
piece_by_piece(
    "parts of a JSON body",
    answer(CHUNKED, b"Content-Type: application/json"),
    chunks(b'{"id":1,', b'"choices":[', b"]}"),
    LAST,
)
piece_by_piece(
    "parts of bytes",
    answer(CHUNKED, b"Content-Type: application/octet-stream"),
    chunks(b"\x00\x01\x02", b"\xff\xfe", b"\r\n\r\n\x00"),
    LAST,
)


@case("streamed")
def parts_of_a_request_that_is_not_kept_pass_one_by_one(on):
    parts = [b"part%04d" % n * 300 for n in range(10)]
    client = on.client(request(b"Content-Length: %d" % len(b"".join(parts))))
    host = None
    for part in parts:
        client.send(part)
        if host is None:
            deadline = time.monotonic() + BOUND
            while not any(b"\r\n\r\n" in c.received for c in on.host.connections):
                on.host.step(deadline, client)
            host = on.host.connections[-1]
            host.until(b"\r\n\r\n")
        host.expect(part)
    host.send(OK)
    check(messages.read_answer(client).body == b"ok", "ok", bytes(client.received))


def bytewise_request(title, raw, body):
    def run(on):
        client = on.client()
        client.send_bytewise(raw)
        got = on.host.serve(client=client)
        check(got.body == body and got.target == b"/a", body, got)
        check(messages.read_answer(client, got.method).status == 200, 200, bytes(client.received))

    add(8, f"{title}, one byte at a time, is the same request", run)


bytewise_request("a GET", get(b"X-A: b", b"Cookie: c"), b"")
bytewise_request("a POST with a length", post(b"hello you"), b"hello you")
bytewise_request(
    "a POST in chunks",
    request(CHUNKED, body=b"5;a=b\r\nhello\r\n4\r\n you\r\n0\r\nX-Late: a\r\n\r\n"),
    b"hello you",
)


def bytewise_answer(title, raw, body, end=None):
    def run(on):
        client = on.client(get())
        connection, _ = on.host.next_request(client)
        connection.send_bytewise(raw)
        if end:
            connection.close()
        got = messages.read_answer(client)
        check(got.complete and got.body == body, body, got)
        if not end:
            on.in_step(client)

    add(8, f"{title}, one byte at a time, is the same answer", run)


bytewise_answer("a length", answer(PLAIN, body=b"hello"), b"hello")
bytewise_answer(
    "chunks",
    answer(CHUNKED, PLAIN) + b"5;a=b\r\nhello\r\n4\r\n you\r\n0\r\nX-Late: a\r\n\r\n",
    b"hello you",
)
bytewise_answer(
    "a stream of events", EVENTS + chunk(TOKENS[0]) + chunk(TOKENS[1]) + LAST, TOKENS[0] + TOKENS[1]
)
bytewise_answer(
    "an error", answer(line=b"HTTP/1.1 200 OK", body=b'{"error":"no"}'), b'{"error":"no"}'
)
bytewise_answer(
    "an answer after interim ones",
    answer(line=b"HTTP/1.1 102 Processing") * 3 + answer(body=b"hello"),
    b"hello",
)
bytewise_answer("a body until close", answer(PLAIN) + b"hello", b"hello", end="close")


@case()
def two_streams_never_mix(on):
    one, two = on.client(get(target=b"/one")), None
    first, _ = on.host.next_request(one)
    two = on.client(get(target=b"/two"))
    second, _ = on.host.next_request(two)
    first.send(EVENTS)
    second.send(EVENTS)
    for n in range(10):
        first.send(chunk(token(b"one %d" % n)))
        second.send(chunk(token(b"two %d" % n)))
        check(b"two" not in one.until(token(b"one %d" % n)), "one's events", bytes(one.received))
        check(b"one" not in two.until(token(b"two %d" % n)), "two's events", bytes(two.received))
