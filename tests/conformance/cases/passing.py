"""Section 4: what is passed on and what is not (RFC 9110 sections 7.6.1, 7.7)."""

from messages import answer, get, post, request
from registry import add, in_section
from wire import check

case = in_section(4)


def dropped(title, *lines, gone, kept=()):
    """The request's fields `gone` do not reach the host, and the lines `kept` do."""

    def run(on):
        got = on.passes(post(b"hello", *lines))
        for name in gone:
            values = got.values(name)
            # The proxy may send its own Connection field.
            own = name == b"Connection" and not any(
                v.lower() not in (b"keep-alive", b"close", b"") for v in values
            )
            check(not values or own, f"no {name.decode()}", got)
        for line in kept:
            check(got.has(line), line, got)
        check(got.body == b"hello" and got.values(b"host") == [b"h"], "the body and Host", got)

    add(4, title, run)


AUTH = b"Authorization: Bearer a"

dropped(
    "Connection and the field that it names are removed",
    b"Connection: X-Hop",
    b"X-Hop: a",
    b"X-End: b",
    gone=(b"X-Hop", b"Connection"),
    kept=(b"X-End: b",),
)
dropped(
    "the name in Connection may be of another case",
    b"connection: x-hOP",
    b"X-Hop: a",
    gone=(b"X-Hop",),
)
dropped(
    "several names in one Connection are removed",
    b"Connection: keep-alive, X-One ,X-Two",
    b"X-One: a",
    b"X-Two: b",
    b"Keep-Alive: timeout=5",
    gone=(b"X-One", b"X-Two", b"Keep-Alive"),
)
dropped(
    "names in several Connection lines are removed",
    b"Connection: X-One",
    b"X-One: a",
    b"Connection: X-Two",
    b"X-Two: b",
    gone=(b"X-One", b"X-Two"),
)
dropped(
    "empty elements of Connection name nothing",
    b"Connection: ,, X-Hop, ,",
    b"X-Hop: a",
    b"X-End: b",
    gone=(b"X-Hop",),
    kept=(b"X-End: b",),
)
dropped(
    "a repeated field that Connection names goes with every line",
    b"Connection: X-Hop",
    b"X-Hop: a",
    b"X-End: b",
    b"X-Hop: c",
    gone=(b"X-Hop",),
    kept=(b"X-End: b",),
)
dropped(
    "a name that only begins like a named one stays",
    b"Connection: X-Hop",
    b"X-Hop-Count: a",
    gone=(),
    kept=(b"X-Hop-Count: a",),
)
for field in (
    b"Keep-Alive: timeout=5",
    b"Proxy-Connection: keep-alive",
    b"Proxy-Authorization: Basic a",
    b"TE: trailers",
    b"Trailer: X-Late",
    b"Proxy-Authenticate: Basic",
):
    name = field.split(b":")[0]
    dropped(f"{name.decode()} is removed from a request", field, AUTH, gone=(name,), kept=(AUTH,))
for name in (b"Host", b"Content-Length", b"Transfer-Encoding", b"Authorization", b"Content-Type"):
    dropped(
        f"a Connection that names {name.decode()} breaks nothing",
        b"Connection: close, " + name,
        AUTH,
        b"Content-Type: application/json",
        gone=(),
        kept=(AUTH, b"Content-Type: application/json"),
    )

END_TO_END = (
    b"User-Agent: app/1.0 (a; b)",
    b"Accept: text/event-stream",
    b"Accept-Encoding: gzip, br",
    b"Authorization: Bearer sk-lm-a:b",
    b"x-api-key: c",
    b"anthropic-version: 2023-06-01",
    b"Cookie: a=1; b=2",
    b"Range: bytes=0-9",
    b'If-None-Match: "d"',
    b"Origin: http://app",
    b"Access-Control-Request-Method: POST",
    b"Content-Type: application/json",
    b"X-Request-Id: e",
    b"X-Forwarded-For: 192.0.2.1",
    b"Forwarded: for=192.0.2.1",
    b"Via: 1.1 other",
    b"Cache-Control: no-cache",
    b"Date: Sun, 06 Nov 1994 08:49:37 GMT",
    b"Max-Forwards: 3",
    b"Content-Encoding: gzip",
    b"Accept-Encoding: br",
)

for field in END_TO_END:

    def run(on, field=field):
        got = on.passes(post(b"hello", field))
        check(got.has(field), field, got)

    name, _, value = field.decode().partition(": ")
    add(4, f"{name}: {value} passes to the host", run)


@case()
def a_request_gains_and_loses_nothing_and_keeps_its_order(on):
    got = on.passes(request(*END_TO_END, line=b"GET /a HTTP/1.1"))
    check(got.lines == [b"Host: h", *END_TO_END], END_TO_END, got.lines)


@case()
def a_request_with_a_body_gains_nothing_but_its_own_length(on):
    got = on.passes(post(b"hello", *END_TO_END))
    mine = [line for line in got.lines if not line.lower().startswith(b"content-length:")]
    check(mine == [b"Host: h", *END_TO_END], END_TO_END, got.lines)


ANSWER = (
    b"Server: LM",
    b"Date: Sun, 06 Nov 1994 08:49:37 GMT",
    b"X-Powered-By: Express",
    b"Access-Control-Allow-Origin: *",
    b"Access-Control-Allow-Headers: *",
    b"Set-Cookie: a=1; Path=/",
    b"Set-Cookie: b=2",
    b'ETag: W/"c"',
    b"Vary: Origin",
    b"Content-Type: application/json; charset=utf-8",
    b"Content-Range: bytes 0-1/9",
    b"Location: http://127.0.0.1:1234/b",
    b"WWW-Authenticate: Bearer",
    b"Cache-Control: no-store",
    b"Retry-After: 3",
    b"Via: 1.1 other",
    b"X_Under: d",
    b"X-Obs: caf\xe9",
    b"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT",
    b"Content-Encoding: gzip",
)

for field in ANSWER:

    def run(on, field=field):
        client, got = on.relays(answer(field, body=b"ok"))
        check(got.has(field) and got.body == b"ok", field, got)

    name, _, value = field.decode("latin-1").partition(": ")
    add(4, f"{name}: {value} passes to the client", run)


@case()
def an_answer_is_the_same_byte_for_byte(on):
    sent = answer(*ANSWER, body=bytes(range(256)))
    client, got = on.relays(sent)
    check(got.raw == sent, sent, got.raw)


@case()
def an_answers_empty_value_passes(on):
    client, got = on.relays(answer(b"X-Empty:", body=b"ok"))
    check(got.values(b"x-empty") == [b""], "an empty X-Empty", got)


def dropped_from_answer(title, *lines, gone):
    def run(on):
        client, got = on.relays(answer(*lines, b"X-End: b", body=b"ok"))
        own = {b"connection": (b"keep-alive", b"close"), b"keep-alive": ()}
        for name in gone:
            left = [v for v in got.values(name) if v.lower() not in own.get(name.lower(), ())]
            check(not left, f"no {name.decode()}", got)
        check(got.body == b"ok" and got.has(b"X-End: b"), "the rest", got)

    add(4, title, run)


dropped_from_answer(
    "Connection and the field that it names are removed from an answer",
    b"Connection: X-Hop",
    b"X-Hop: a",
    gone=(b"X-Hop", b"Connection"),
)
dropped_from_answer(
    "Keep-Alive is removed from an answer",
    b"Connection: keep-alive",
    b"Keep-Alive: timeout=5",
    gone=(b"Keep-Alive",),
)
for field in (
    b"Proxy-Connection: keep-alive",
    b"Proxy-Authenticate: Basic",
    b"TE: trailers",
    b"Upgrade: h2c",
    b"Proxy-Authorization: Basic a",
):
    name = field.split(b":")[0]
    dropped_from_answer(f"{name.decode()} is removed from an answer", field, gone=(name,))


@case()
def an_answers_Connection_that_names_its_length_breaks_nothing(on):
    client, got = on.relays(answer(b"Connection: close, Content-Length", body=b"hello"))
    check(got.body == b"hello" and got.complete, "hello", got)


for line in (
    b"HTTP/1.1 200 All is well",
    b"HTTP/1.1 299 Odd",
    b"HTTP/1.1 404 Nichts da",
    b"HTTP/1.1 418 I'm a teapot",
    b"HTTP/1.1 500 \xe9t\xe9",
    b"HTTP/1.1 503 Model busy",
):

    def run(on, line=line):
        client, got = on.relays(answer(line=line, body=b"ok"))
        check(got.line == line and got.body == b"ok", line, got)

    add(4, f"the line {line.decode('latin-1')} passes as it is", run)


@case()
def a_HEAD_keeps_the_length_that_its_answer_names(on):
    client, got = on.relays(answer(b"Content-Length: 1234"), request(line=b"HEAD /a HTTP/1.1"))
    check(got.values(b"content-length") == [b"1234"], "Content-Length: 1234", got)


@case()
def a_GET_without_a_body_gains_no_framing(on):
    got = on.passes(get())
    check(
        not got.values(b"content-length") and not got.values(b"transfer-encoding"),
        "no framing",
        got,
    )
