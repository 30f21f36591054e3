"""Section 5: answers that are refused before anything reaches the client."""

import messages
from messages import CHUNKED, answer, get, post, request
from registry import add, in_section
from targets import LIMITS
from wire import check

case = in_section(5)
BODY = b"5\r\nhello\r\n0\r\n\r\n"


def refused(title, raw, sent=get()):
    """The proxy itself answers 502."""

    def run(on):
        client = on.client(sent)
        connection, _ = on.host.next_request(client)
        connection.send(raw)
        connection.close()
        on.own_error(client, 502)

    add(5, f"a 502 for {title}", run)


for title, line in {
    "a status of two digits": b"HTTP/1.1 20 OK",
    "a status of four digits": b"HTTP/1.1 2000 OK",
    "a status with a letter": b"HTTP/1.1 20X OK",
    "a status with a letter after it": b"HTTP/1.1 200X OK",
    "a status line without a number": b"HTTP/1.1 OK",
    "a negative status": b"HTTP/1.1 -20 OK",
    "a status below 100": b"HTTP/1.1 099 OK",
    "two spaces before the status": b"HTTP/1.1  200 OK",
    "a TAB before the status": b"HTTP/1.1\t200 OK",
    "another protocol": b"ICY 200 OK",
    "HTTP/2.0": b"HTTP/2.0 200 OK",
    "HTTP/0.9": b"HTTP/0.9 200 OK",
    "a version in small letters": b"http/1.1 200 OK",
    "garbage": b"\xff\xfe garbage",
    "a control in the reason": b"HTTP/1.1 200 O\x01K",
    "NUL in the reason": b"HTTP/1.1 200 O\x00K",
    "a bare CR in the reason": b"HTTP/1.1 200 O\rK",
    "a space before the status line": b" HTTP/1.1 200 OK",
}.items():
    refused(title, answer(line=line, body=b"hello"))

for title, lines in {
    "a length and chunked": (b"Content-Length: 5", CHUNKED),
    "chunked and a length": (CHUNKED, b"Content-Length: 15"),
    "two lengths that differ": (b"Content-Length: 5", b"Content-Length: 15"),
    "lengths that differ in a list": (b"Content-Length: 5, 15",),
    "a length with a plus": (b"Content-Length: +5",),
    "a length with a minus": (b"Content-Length: -5",),
    "a length in hexadecimal": (b"Content-Length: 0x5",),
    "a length with a space inside": (b"Content-Length: 1 5",),
    "a length of letters": (b"Content-Length: five",),
    "a length with a comma at its end": (b"Content-Length: 15,",),
    "a length with a fraction": (b"Content-Length: 15.0",),
    "an empty length": (b"Content-Length:",),
    "a length over 2^64": (b"Content-Length: 18446744073709551631",),
    "an unknown coding": (b"Transfer-Encoding: gzip",),
    "a coding before chunked": (b"Transfer-Encoding: gzip, chunked",),
    "a coding after chunked": (b"Transfer-Encoding: chunked, gzip",),
    "chunked twice": (b"Transfer-Encoding: chunked, chunked",),
    "chunked in two lines": (CHUNKED, CHUNKED),
    "an empty coding": (b"Transfer-Encoding:",),
    "identity": (b"Transfer-Encoding: identity",),
    "chunked with a parameter": (b"Transfer-Encoding: chunked;a=b",),
}.items():
    refused(title, answer(*lines) + BODY)

refused("chunked on HTTP/1.0", answer(CHUNKED, line=b"HTTP/1.0 200 OK") + BODY)
refused("a head over the limit", answer(b"X-Long: " + b"a" * (LIMITS["head"] + 1), body=b"hello"))
refused("a head that ends early", b"HTTP/1.1 200 OK\r\nContent-Le")
refused("a close without an answer", b"")
refused("a close without an answer to a POST", b"", post(b"hello"))
refused(
    "a 101 that nobody asked for",
    answer(b"Upgrade: websocket", b"Connection: upgrade", line=b"HTTP/1.1 101 Switching Protocols"),
)
refused(
    "a 101 of a protocol that was not passed on",
    answer(b"Upgrade: h2c", b"Connection: upgrade", line=b"HTTP/1.1 101 Switching Protocols"),
    get(b"Connection: upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
)
refused(
    "a 101 to a 1.0 client",
    answer(b"Upgrade: websocket", b"Connection: upgrade", line=b"HTTP/1.1 101 Switching Protocols"),
    get(b"Connection: upgrade", b"Upgrade: websocket", version=b"HTTP/1.0"),
)
refused("nothing but an interim answer", answer(line=b"HTTP/1.1 102 Processing"))


def field_fault(title, line):
    """502, or an answer without that line, or with a corrected one."""

    def run(on):
        client = on.client(get())
        connection, _ = on.host.next_request(client)
        connection.send(answer(b"X-Good: a", line, b"X-Also: b", body=b"hello"))
        connection.close()
        got = messages.read_answer(client)
        if got.status == 502:
            on.is_own_error(got.raw)
            return
        check(line not in got.raw, "502, or no malformed line", got)
        check(got.status == 200 and got.body == b"hello", "the rest of the answer", got)

    add(5, f"never passes on {title}", run)


for title, line in {
    "a space before the colon": b"X-Bad : c",
    "a line without a colon": b"X-Bad",
    "an empty name": b": c",
    "a name with a space": b"X Bad: c",
    "a name with a high byte": b"X\xe9: c",
    "a control in a value": b"X-Bad: c\x01d",
    "NUL in a value": b"X-Bad: c\x00d",
    "a bare CR in a value": b"X-Bad: c\rSet-Cookie: d",
    "a bare LF in a value": b"X-Bad: c\nSet-Cookie: d",
    "a folded line": b" folded",
}.items():
    field_fault(title, line)


def never_ends(title, raw):
    """The host sends forever, and stays connected."""

    def run(on):
        client = on.client(get())
        connection, _ = on.host.next_request(client)
        connection.send(raw)
        on.own_error(client, 502)

    add(5, f"a 502 for {title} that never ends", run)


never_ends("a reason", b"HTTP/1.1 200 " + b"O" * (LIMITS["head"] + 8192))
never_ends("a field", b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * (LIMITS["head"] + 8192))
never_ends("a head", b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * (LIMITS["head"] // 4))
never_ends("garbage", b"\x00" * (LIMITS["head"] + 8192))


@case()
def a_502_for_a_reset_without_an_answer(on):
    client = on.client(post(b"hello"))
    connection, _ = on.host.next_request(client)
    connection.reset()
    on.own_error(client, 502)


@case()
def a_502_to_HEAD_has_no_body_and_the_connection_ends_or_stays_in_step(on):
    client = on.client(request(line=b"HEAD /a HTTP/1.1"))
    connection, _ = on.host.next_request(client)
    connection.send(answer(line=b"HTTP/1.1 20 OK"))
    connection.close()
    on.own_error(client, 502, method=b"HEAD")
    on.in_step(client)


@case()
def equal_lengths_are_sent_on_once_or_refused(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(answer(b"Content-Length: 5", b"Content-Length: 5") + b"hello")
    connection.close()
    got = messages.read_answer(client)
    check(got.status == 502 or got.body == b"hello", "502, or hello", got)


@case()
def after_a_502_the_next_request_is_served(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(answer(CHUNKED, b"Content-Length: 5") + BODY)
    connection.close()
    on.own_error(client, 502)
    on.in_step(client)
