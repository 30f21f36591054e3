"""Section 3: the framing of a request's body by its fields (RFC 9112 sections 6, 11.2)."""

import messages
from messages import CHUNKED, get, post, request
from registry import add, all_refused, in_section
from targets import LIMITS
from wire import check

case = in_section(3)
BODY = b"5\r\nhello\r\n0\r\n\r\n"
SMUGGLED = get(target=b"/smuggled")


def both(*lines):
    return request(*lines, body=BODY + SMUGGLED)


def coded(*values):
    return request(*[b"Transfer-Encoding: " + value for value in values], body=BODY)


all_refused(
    3,
    {
        "Content-Length before Transfer-Encoding": both(b"Content-Length: 15", CHUNKED),
        "Content-Length after Transfer-Encoding": both(CHUNKED, b"Content-Length: 15"),
        "Content-Length 0 with Transfer-Encoding": both(b"Content-Length: 0", CHUNKED),
        "a short Content-Length with Transfer-Encoding": both(CHUNKED, b"Content-Length: 4"),
        "both with other fields between": both(CHUNKED, b"X-A: b", b"cONTENT-lENGTH: 15"),
        "both on GET": request(b"Content-Length: 15", CHUNKED, line=b"GET /a HTTP/1.1", body=BODY),
        "chunked on 1.0": request(CHUNKED, line=b"POST /a HTTP/1.0", body=BODY + SMUGGLED),
        "chunked twice in a line": (coded(b"chunked, chunked"), 400, 501),
        "chunked twice in two lines": (coded(b"chunked", b"chunked"), 400, 501),
        "chunked and identity": (coded(b"chunked, identity"), 400, 501),
        "identity": (coded(b"identity"), 400, 501),
        "identity and chunked in two lines": (coded(b"identity", b"chunked"), 400, 501),
        "gzip before chunked": (coded(b"gzip, chunked"), 400, 501),
        "gzip after chunked": (coded(b"chunked, gzip"), 400, 501),
        "gzip alone": (coded(b"gzip"), 501),
        "an unknown coding": (coded(b"xchunked"), 501),
        "an unknown coding with a length": (
            both(b"Transfer-Encoding: xchunked", b"Content-Length: 5"),
            400,
            501,
        ),
        "chunked with a parameter": (coded(b"chunked;a=b"), 400, 501),
        "chunked with a space inside": coded(b"chun ked"),
        "chunked in quotes": coded(b'"chunked"'),
        "an empty coding": coded(b""),
        "an empty element before chunked": coded(b", chunked"),
        "an empty element after chunked": coded(b"chunked,"),
        "chunked after a vertical TAB": coded(b"\x0bchunked"),
        "chunked after NUL": coded(b"\x00chunked"),
        "chunked before a high byte": coded(b"chunked\xa0"),
        "Transfer-Encoding before a space and a colon": both(
            b"Transfer-Encoding : chunked", b"Content-Length: 4"
        ),
        "Transfer-Encoding after a control": both(
            b"\x01Transfer-Encoding: chunked", b"Content-Length: 4"
        ),
        "Transfer-Encoding with a high byte": both(
            b"Transfer\xadEncoding: chunked", b"Content-Length: 4"
        ),
        "Transfer-Encoding on a folded line": both(b"X-A: b", b" Transfer-Encoding: chunked"),
        "chunked on a folded line": request(b"Transfer-Encoding:", b" chunked", body=BODY),
    },
)

all_refused(
    3,
    {
        f"a Content-Length {title}": request(b"Content-Length: " + value, body=b"hello" + SMUGGLED)
        for title, value in {
            "with a plus": b"+5",
            "with a minus": b"-5",
            "in hexadecimal": b"0x5",
            "of hexadecimal digits": b"a",
            "with a space inside": b"5 5",
            "with a comma before it": b",5",
            "with a comma at the end": b"5,",
            "in quotes": b'"5"',
            "with a fraction": b"5.0",
            "with an exponent": b"5e0",
            "that is empty": b"",
            "with an underscore": b"5_0",
            "in Arabic digits": "٥".encode(),
            "in fullwidth digits": "５".encode(),
            "over 2^63": b"9223372036854775808",
            "over 2^64": b"18446744073709551621",
            "of forty digits": b"1" * 40,
            "that differs in a list": b"5, 6",
            "with words after it": b"5 bytes",
            "with a semicolon": b"5;a",
        }.items()
    },
)

all_refused(
    3,
    {
        "two Content-Lengths that differ": request(
            b"Content-Length: 5", b"Content-Length: 6", body=b"hello" + SMUGGLED
        ),
        "two Content-Lengths, the longer first": request(
            b"Content-Length: 6", b"content-length: 5", body=b"hello" + SMUGGLED
        ),
        "Content-Length 0 and 5": request(
            b"Content-Length: 0", b"Content-Length: 5", body=b"hello"
        ),
    },
)


def equal_lengths(title, *lines):
    def run(on):
        client = on.client(request(*lines, body=b"hello"))
        on.first(client)
        if client.received or client.end:
            check(messages.read_answer(client).status == 400, 400, client.received)
            return
        got = on.host.serve()
        check(got.values(b"content-length") == [b"5"] and got.body == b"hello", "one length", got)

    add(3, f"refuses, or sends as one, equal lengths {title}", run)


equal_lengths("in two lines", b"Content-Length: 5", b"Content-Length: 5")
equal_lengths("in a list", b"Content-Length: 5, 5")


def body_arrives(title, raw, body, setup="whole"):
    def run(on):
        got = on.passes(raw)
        check(got.body == body, f"the body {body!r}", got)
        framing = len(got.values(b"content-length")) + len(got.values(b"transfer-encoding"))
        check(framing == 1, "one framing field", got)

    add(3, title, run, setup)


for way in (b"GET", b"OPTIONS", b"DELETE", b"PUT", b"PATCH", b"HEAD"):
    body_arrives(
        f"{way.decode()} with a length passes with its body",
        request(b"Content-Length: 5", line=way + b" /a HTTP/1.1", body=b"hello"),
        b"hello",
    )
for way in (b"GET", b"DELETE"):
    body_arrives(
        f"{way.decode()} with chunks passes with its body",
        request(CHUNKED, line=way + b" /a HTTP/1.1", body=BODY),
        b"hello",
    )
body_arrives(
    "leading zeros of a length are decimal",
    request(b"Content-Length: 0000000010", body=b"helloworld"),
    b"helloworld",
)
body_arrives("a body that looks like a request is a body", post(SMUGGLED), SMUGGLED)
body_arrives("a body of every byte passes", post(bytes(range(256)) * 8), bytes(range(256)) * 8)
body_arrives(
    "Transfer_Encoding is an ordinary field",
    post(b"hello", b"Transfer_Encoding: chunked"),
    b"hello",
)
body_arrives("Content_Length is an ordinary field", post(b"hello", b"Content_Length: 3"), b"hello")
body_arrives(
    "X-Transfer-Encoding is an ordinary field",
    post(b"hello", b"X-Transfer-Encoding: chunked"),
    b"hello",
)
body_arrives(
    "CHUNKED in capitals is chunked", request(b"Transfer-Encoding: CHUNKED", body=BODY), b"hello"
)
body_arrives(
    "chunked with whitespace around is chunked",
    request(b"Transfer-Encoding: \t chunked \t", body=BODY),
    b"hello",
)
body_arrives(
    "a streamed body of a known length arrives", post(b"a" * 5000), b"a" * 5000, "streamed"
)
body_arrives(
    "a streamed body of chunks arrives",
    request(CHUNKED, body=messages.chunk(b"a" * 5000) + BODY),
    b"a" * 5000 + b"hello",
    "streamed",
)


@case()
def a_body_of_no_bytes_passes_as_one(on):
    got = on.passes(post(b""))
    check(got.values(b"content-length") == [b"0"], "Content-Length: 0", got)


@case()
def a_length_over_the_limit_is_413_before_the_body_comes(on):
    client = on.client(request(b"Content-Length: %d" % (LIMITS["body"] + 1)))
    got = messages.read_answer(client)
    check(got.status == 413, 413, got)
    on.is_own_error(got.raw)
    on.nothing_reached()


@case()
def chunks_over_the_limit_are_413(on):
    client = on.client(request(CHUNKED))
    client.send_beside(messages.chunk(b"a" * (LIMITS["body"] + 1)) + b"0\r\n\r\n")
    got = messages.read_answer(client)
    check(got.status == 413, 413, got)
    on.nothing_reached()


@case()
def what_follows_a_body_is_the_next_request(on):
    client = on.client(post(b"hello") + get(target=b"/b"))
    check(on.host.serve(client=client).body == b"hello", "hello", "another body")
    messages.read_answer(client)
    check(on.host.serve().target == b"/b", "/b", "another target")
    check(messages.read_answer(client).complete, "the second answer", "a cut one")
