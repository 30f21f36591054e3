"""Section 5: relayed answers, and where exactly they end."""

import messages
from messages import CHUNKED, OK, answer, chunk, get, request
from registry import add, in_section
from wire import check

case = in_section(5)
LAST = b"0\r\n\r\n"
HEAD_REQUEST = request(line=b"HEAD /a HTTP/1.1")
EVIL = answer(b"X-Evil: yes", body=b"evil")


def relayed(title, raw, body, end=None, sent=get(), status=200):
    """The body arrives complete, in any framing."""

    def run(on):
        client, got = on.relays(raw, sent, end)
        check(got.status == status and got.complete and got.body == body, f"{status} {body!r}", got)

    add(5, title, run)


PLAIN = b"Content-Type: text/plain"
relayed("a length passes", answer(body=b"hello"), b"hello")
relayed("a length of 0 passes", answer(body=b""), b"")
relayed("a length with leading zeros passes", answer(b"Content-Length: 0005") + b"hello", b"hello")
relayed(
    "chunks pass", answer(CHUNKED, PLAIN) + chunk(b"hello") + chunk(b" you") + LAST, b"hello you"
)
relayed("no chunks but the last pass", answer(CHUNKED) + LAST, b"")
relayed(
    "chunk sizes in capitals and with zeros pass",
    answer(CHUNKED, PLAIN) + b"000A\r\n0123456789\r\n00\r\n\r\n",
    b"0123456789",
)
relayed(
    "chunk extensions pass or go",
    answer(CHUNKED, PLAIN) + b'5;a="b;c"\r\nhello\r\n0;d\r\n\r\n',
    b"hello",
)
relayed("CRLF in a chunk is data", answer(CHUNKED, PLAIN) + chunk(LAST) + LAST, LAST)
relayed(
    "CHUNKED in capitals passes",
    answer(b"Transfer-Encoding: CHUNKED") + chunk(b"hello") + LAST,
    b"hello",
)
relayed("a body until close passes", answer(PLAIN) + b"hello", b"hello", end="close")
relayed("an empty body until close passes", answer(PLAIN), b"", end="close")
relayed(
    "a length on HTTP/1.0 passes",
    answer(line=b"HTTP/1.0 200 OK", body=b"hello"),
    b"hello",
    end="close",
)
relayed(
    "a body until close on HTTP/1.0 passes",
    answer(line=b"HTTP/1.0 200 OK") + b"hello",
    b"hello",
    end="close",
)
relayed("an empty reason passes", answer(line=b"HTTP/1.1 200 ", body=b"hello"), b"hello")
relayed("a body of every byte passes", answer(body=bytes(range(256)) * 16), bytes(range(256)) * 16)
relayed(
    "an error passes",
    answer(line=b"HTTP/1.1 404 Not Found", body=b'{"error":"no"}'),
    b'{"error":"no"}',
    status=404,
)
relayed(
    "an error in chunks passes",
    answer(CHUNKED, line=b"HTTP/1.1 500 No") + chunk(b'{"error":') + chunk(b'"no"}') + LAST,
    b'{"error":"no"}',
    status=500,
)
relayed(
    "an error until close passes",
    answer(line=b"HTTP/1.1 500 No") + b"<html>",
    b"<html>",
    end="close",
    status=500,
)
relayed(
    "an answer to a 1.0 client passes",
    answer(b"Content-Length: 5") + b"hello",
    b"hello",
    sent=get(version=b"HTTP/1.0"),
)


@case()
def a_large_body_passes(on):
    body = bytes(range(256)) * 8192
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send_beside(answer(body=body))
    check(messages.read_answer(client).body == body, "2 MiB", "other bytes")


@case()
def a_large_body_of_chunks_passes(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send_beside(
        answer(CHUNKED) + b"".join(chunk(b"%07d" % n * 100) for n in range(1000)) + LAST
    )
    got = messages.read_answer(client)
    check(
        got.complete and got.body == b"".join(b"%07d" % n * 100 for n in range(1000)),
        "all chunks",
        "other bytes",
    )


@case()
def a_body_until_close_ends_the_clients_connection(on):
    client, got = on.relays(answer(PLAIN) + b"hello", end="close")
    framed = got.values(b"transfer-encoding")
    check(
        got.complete and got.body == b"hello" and (framed or client.end), "hello, and its end", got
    )


def ends_at_the_head(title, raw, sent=get(), after=b""):
    """The answer ends at its head, for any fields, and the next one is read correctly."""

    def run(on):
        client = on.client(sent)
        connection, got = on.host.next_request(client)
        connection.send(raw + after)
        back = messages.read_answer(client, got.method)
        check(back.line == raw.split(b"\r\n")[0], raw, back)
        on.in_step(client)

    add(5, title, run)


NO_CONTENT, UNCHANGED = b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified"
for title, raw, sent in (
    ("HEAD with a length", answer(b"Content-Length: 5"), HEAD_REQUEST),
    ("HEAD with chunked", answer(CHUNKED), HEAD_REQUEST),
    ("HEAD without framing", answer(PLAIN), HEAD_REQUEST),
    (
        "HEAD of an error",
        answer(b"Content-Length: 5", line=b"HTTP/1.1 404 Not Found"),
        HEAD_REQUEST,
    ),
    ("204", answer(line=NO_CONTENT), get()),
    ("204 with a length", answer(b"Content-Length: 5", line=NO_CONTENT), get()),
    ("204 with chunked", answer(CHUNKED, line=NO_CONTENT), get()),
    ("304", answer(line=UNCHANGED), get()),
    ("304 with a length", answer(b"Content-Length: 5", line=UNCHANGED), get()),
    ("304 with chunked", answer(CHUNKED, line=UNCHANGED), get()),
):
    ends_at_the_head(f"{title} ends at the head", raw, sent)
    ends_at_the_head(f"{title} drops a body all the same", raw, sent, b"5\r\nhello\r\n" + LAST)

for title, raw in {
    "a length": answer(body=b"hello"),
    "chunks": answer(CHUNKED) + chunk(b"hello") + LAST,
    "a length of 0": answer(body=b""),
    "an error": answer(line=b"HTTP/1.1 404 Not Found", body=b"hello"),
}.items():
    ends_at_the_head(f"bytes after {title} are never the next answer", raw, after=EVIL)


@case()
def bytes_pushed_on_an_idle_connection_are_never_an_answer(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(OK)
    messages.read_answer(client)
    connection.send(EVIL)
    on.in_step(client)
    on.in_step(client, b"/again")


def interim(title, raw, expected, sent=get(), version=b"HTTP/1.1"):
    def run(on):
        client, got = on.relays(raw + OK, sent)
        lines = [one.line for one in got.interim]
        check(lines == expected and got.body == b"ok", expected, [*lines, got.line])

    add(5, title, run)


EARLY = answer(b"Link: </a>; rel=preload", line=b"HTTP/1.1 103 Early Hints")
WORKING = answer(line=b"HTTP/1.1 102 Processing")
GO_ON = answer(line=b"HTTP/1.1 100 Continue")
interim("103 passes before the answer", EARLY, [b"HTTP/1.1 103 Early Hints"])
interim("102 passes before the answer", WORKING, [b"HTTP/1.1 102 Processing"])
interim(
    "several interim answers pass in order",
    EARLY + WORKING + EARLY,
    [b"HTTP/1.1 103 Early Hints", b"HTTP/1.1 102 Processing", b"HTTP/1.1 103 Early Hints"],
)
interim("fifty interim answers pass", WORKING * 50, [b"HTTP/1.1 102 Processing"] * 50)
interim("an unknown 1xx passes", answer(line=b"HTTP/1.1 199 Odd"), [b"HTTP/1.1 199 Odd"])
interim(
    "no interim answer goes to a 1.0 client", EARLY + WORKING + GO_ON, [], get(version=b"HTTP/1.0")
)
interim("100 goes to no client that does not expect it", GO_ON, [])


@case()
def an_interim_answer_passes_before_the_final_one_is_sent(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(EARLY)
    head = messages.read_head(client)
    check(head and head.line == EARLY.split(b"\r\n")[0], EARLY, bytes(client.received))
    check(head.has(b"Link: </a>; rel=preload"), "its field", head)
    connection.send(OK)
    check(messages.read_answer(client).body == b"ok", "the answer", "another")


@case()
def an_interim_answers_framing_means_nothing(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(answer(b"Content-Length: 5", line=b"HTTP/1.1 103 Early Hints") + OK)
    client.until(b"HTTP/1.1 200")
    client.until(b"\r\n\r\nok")
    on.in_step(client)


@case()
def trailers_pass_with_the_body_and_never_in_the_head(on):
    client, got = on.relays(
        answer(CHUNKED, b"Trailer: X-Late") + chunk(b"hello") + b"0\r\nX-Late: a\r\n\r\n"
    )
    head = got.raw.partition(b"\r\n\r\n")[0]
    check(b"X-Late: a" not in head and got.complete, "no trailer in the head", got)
    check(got.raw.endswith(b"0\r\nX-Late: a\r\n\r\n"), "the trailer after the body", got)


@case()
def chunks_pass_verbatim(on):
    sent = (
        answer(CHUNKED, PLAIN) + b"0005;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Late: a\r\n\r\n"
    )
    client, got = on.relays(sent)
    check(got.raw == sent, sent, got)
