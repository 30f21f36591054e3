"""Section 3: the chunked coding of a request (RFC 9112 section 7.1)."""

import messages
from messages import CHUNKED, chunk, get, request
from registry import add, all_refused, in_section
from targets import LIMITS
from wire import check

case = in_section(3)
SMUGGLED = get(target=b"/smuggled")
LAST = b"0\r\n\r\n"


def sized(size):
    return size + b"\r\nhello\r\n" + LAST + SMUGGLED


BROKEN = {
    "a chunk size with a plus": sized(b"+5"),
    "a chunk size with a minus": sized(b"-5"),
    "a chunk size of 0x5": sized(b"0x5"),
    "a chunk size with an underscore": sized(b"0_5"),
    "a chunk size with a space before it": sized(b" 5"),
    "a chunk size with a space inside": sized(b"0 5"),
    "a chunk size with a TAB before it": sized(b"\t5"),
    "a chunk size of letters": sized(b"g"),
    "an empty chunk size": sized(b""),
    "a chunk size in quotes": sized(b'"5"'),
    "a chunk size over 2^63": sized(b"8000000000000000"),
    "a chunk size that wraps around": sized(b"10000000000000005"),
    "a chunk size of many zeros": sized(b"0" * 40 + b"5"),
    "a chunk longer than its size": b"4\r\nhello\r\n" + LAST + SMUGGLED,
    "a chunk shorter than its size": b"6\r\nhello\r\n" + LAST + SMUGGLED,
    "a bare LF after a size": b"5\nhello\r\n" + LAST,
    "a bare LF after the data": b"5\r\nhello\n" + LAST,
    "a bare LF after the last size": b"5\r\nhello\r\n0\n\r\n",
    "a bare LF at the end": b"5\r\nhello\r\n0\r\n\n" + SMUGGLED,
    "a bare CR after a size": b"5\rhello\r\n" + LAST,
    "CR and a letter after a size": b"5\rX\r\nhello\r\n" + LAST,
    "CR and a letter after the data": b"5\r\nhello\rX" + LAST,
    "CR CR LF after a size": b"5\r\r\nhello\r\n" + LAST,
    "no line end after the data": b"5\r\nhello" + LAST,
    "an extension with a bare LF": b"5;a\nhello\r\n" + LAST,
    "an extension with a bare CR": b"5;a\rb\r\nhello\r\n" + LAST,
    "an extension with NUL": b"5;a\x00\r\nhello\r\n" + LAST,
    "an extension without a semicolon": b"5 a=b\r\nhello\r\n" + LAST,
    "a chunk size that never ends": b"0" * 30000,
    "an extension that never ends": b"5;" + b"a" * 30000,
    "trailers that never end": b"5\r\nhello\r\n0\r\n" + b"X-A: a\r\n" * (LIMITS["head"] // 4),
    "a long extension": b"5;" + b"a" * 20000 + b"\r\nhello\r\n" + LAST,
    "too many small extensions": b"".join(chunk(b"x", b";abcdefgh") for _ in range(3000)) + LAST,
    "a trailer without a colon": b"5\r\nhello\r\n0\r\nX-A\r\n\r\n",
    "a trailer with a space before its colon": b"5\r\nhello\r\n0\r\nX-A : b\r\n\r\n",
    "a folded trailer": b"5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n",
    "a trailer with a bare LF": b"5\r\nhello\r\n0\r\nX-A: b\n\r\n",
    "a trailer with NUL": b"5\r\nhello\r\n0\r\nX-A: \x00\r\n\r\n",
    "trailers over the limit of a head": b"5\r\nhello\r\n0\r\nX-A: "
    + b"a" * LIMITS["head"]
    + b"\r\n\r\n",
}
STATUSES = {"trailers over the limit of a head": (400, 431), "trailers that never end": (400, 431)}

for setup in ("whole", "streamed"):
    ending = "" if setup == "whole" else ", as it streams by"
    all_refused(
        3,
        {
            title + ending: (request(CHUNKED, body=coded), *STATUSES.get(title, (400,)))
            for title, coded in BROKEN.items()
        }
        if setup == "whole"
        else {
            # With a valid first chunk: part of the request is already sent when the fault appears.
            title
            + ending: (
                request(CHUNKED, body=chunk(b"a" * 2000) + coded),
                *STATUSES.get(title, (400,)),
            )
            for title, coded in BROKEN.items()
        },
        partly=setup == "streamed",
        setup=setup,
    )


def decoded(title, coded, body):
    def run(on):
        got = on.passes(request(CHUNKED, body=coded))
        check(got.body == body, f"the body {body!r}", got)

    add(3, title, run)


decoded("an empty chunked body passes", LAST, b"")
decoded(
    "many chunks are one body",
    b"".join(chunk(b"%d" % n) for n in range(20)) + LAST,
    b"".join(b"%d" % n for n in range(20)),
)
decoded(
    "chunk sizes may have either case",
    b"A\r\n0123456789\r\na\r\n0123456789\r\n" + LAST,
    b"0123456789" * 2,
)
decoded("chunk sizes may have leading zeros", b"0005\r\nhello\r\n000\r\n\r\n", b"hello")
decoded("CRLF in a chunk is data", chunk(b"\r\n0\r\n\r\n") + LAST, b"\r\n0\r\n\r\n")


@case()
def chunk_extensions_are_not_sent_on(on):
    got = on.passes(request(CHUNKED, body=b'5;name=value;flag;q="a;b"\r\nhello\r\n0;last\r\n\r\n'))
    check(
        got.body == b"hello" and b"name" not in got.raw and b"flag" not in got.raw,
        "hello alone",
        got,
    )


@case()
def trailers_are_dropped_and_never_merged_into_the_head(on):
    got = on.passes(
        request(
            CHUNKED,
            b"Trailer: X-Late",
            body=(b"5\r\nhello\r\n0\r\nX-Late: b\r\nHost: evil\r\nAuthorization: evil\r\n\r\n"),
        )
    )
    check(
        got.body == b"hello" and not got.has(b"X-Late: b"), "hello, and no field of a trailer", got
    )
    check(b"evil" not in got.raw, "no trailers", got)


@case()
def trailers_never_end_the_connection_or_lengthen_the_body(on):
    client = on.client(
        request(
            CHUNKED, body=(b"5\r\nhello\r\n0\r\nConnection: close\r\nContent-Length: 9\r\n\r\n")
        )
    )
    on.host.serve(client=client)
    messages.read_answer(client)
    client.send(get(target=b"/b"))
    check(on.host.serve().target == b"/b", "/b", "another request")
    check(messages.read_answer(client).complete, "an answer", "none")


def broken_half_way(title, raw, setup):
    def run(on):
        client = on.client(raw)
        client.half_close()
        client.rest()
        got = bytes(client.received)
        check(b" 200 " not in got[:16], "no success", got)
        on.nothing_reached(partly=setup == "streamed")

    add(3, title, run, setup)


for setup in ("whole", "streamed"):
    broken_half_way(
        f"a length that is not reached never passes ({setup})",
        request(b"Content-Length: 3000", body=b"a" * 2999),
        setup,
    )
    broken_half_way(
        f"chunks without a last one never pass ({setup})",
        request(CHUNKED, body=chunk(b"a" * 2000)),
        setup,
    )
    broken_half_way(
        f"a chunk that ends early never passes ({setup})",
        request(CHUNKED, body=b"800\r\n" + b"a" * 2000),
        setup,
    )
    broken_half_way(
        f"trailers that end early never pass ({setup})",
        request(CHUNKED, body=chunk(b"a" * 2000) + b"0\r\nX-A: b\r\n"),
        setup,
    )
