"""Section 1: the request line (RFC 9110 sections 7.7, 9; RFC 9112 sections 2, 3)."""

import messages
from messages import get, request
from registry import add, all_refused, in_section
from targets import LIMITS
from wire import check

case = in_section(1)
SMUGGLED = get(target=b"/smuggled")


def line(text):
    return text + b"\r\nHost: h\r\n\r\n"


all_refused(
    1,
    {
        "CONNECT with an authority": (line(b"CONNECT example.com:443 HTTP/1.1"), 400, 405, 501),
        "CONNECT with a path": (line(b"CONNECT /a HTTP/1.1"), 400, 405, 501),
        "a space in the target": line(b"GET /a b HTTP/1.1"),
        "a TAB in the target": line(b"GET /a\tb HTTP/1.1"),
        "a control in the target": line(b"GET /a\x01b HTTP/1.1"),
        "DEL in the target": line(b"GET /a\x7fb HTTP/1.1"),
        "NUL in the target": line(b"GET /a\x00b HTTP/1.1"),
        "CR in the target": line(b"GET /a\rb HTTP/1.1"),
        "a target without a slash": line(b"GET a HTTP/1.1"),
        "a target that is only a query": line(b"GET ?a HTTP/1.1"),
        "an asterisk for GET": line(b"GET * HTTP/1.1"),
        "no target": line(b"GET HTTP/1.1"),
        "an empty target between two spaces": line(b"GET  HTTP/1.1"),
        "an absolute target without Host": b"GET http://h/a HTTP/1.1\r\n\r\n",
        "an absolute target without an authority": line(b"GET http:///a HTTP/1.1"),
        "two spaces after the method": line(b"GET  /a HTTP/1.1"),
        "two spaces before the version": line(b"GET /a  HTTP/1.1"),
        "a TAB after the method": line(b"GET\t/a HTTP/1.1"),
        "a TAB before the version": line(b"GET /a\tHTTP/1.1"),
        "a vertical TAB before the version": line(b"GET /a\x0bHTTP/1.1"),
        "a form feed after the method": line(b"GET\x0c/a HTTP/1.1"),
        "a space before the method": line(b" GET /a HTTP/1.1"),
        "a space at the end": line(b"GET /a HTTP/1.1 "),
        "a TAB at the end": line(b"GET /a HTTP/1.1\t"),
        "a bare LF after the request line": b"GET /a HTTP/1.1\nHost: h\r\n\r\n",
        "bare LFs everywhere": b"GET /a HTTP/1.1\nHost: h\n\n",
        "a bare CR after the request line": b"GET /a HTTP/1.1\rHost: h\r\n\r\n",
        "a bare LF at the end of the head": b"GET /a HTTP/1.1\r\nHost: h\r\n\n",
        "an empty line of a bare LF before it": b"\n" + get(),
        "no version, as in HTTP/0.9": b"GET /a\r\n\r\n",
        "HTTP/0.9 by its name": (line(b"GET /a HTTP/0.9"), 400, 505),
        "HTTP/2.0": (line(b"GET /a HTTP/2.0"), 505),
        "HTTP/3.7": (line(b"GET /a HTTP/3.7"), 505),
        "a version in small letters": line(b"GET /a http/1.1"),
        "a version of one number": line(b"GET /a HTTP/1"),
        "a version without a dot": line(b"GET /a HTTP/11"),
        "a version of two digits": line(b"GET /a HTTP/1.10"),
        "a version with a letter after it": line(b"GET /a HTTP/1.1x"),
        "a version with a space inside": line(b"GET /a HTTP/ 1.1"),
        "another protocol": line(b"GET /a HTTPS/1.1"),
        "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 400, 505),
        "a TLS hello": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(60) + b"\r\n\r\n",
        "garbage": b"\xff\xfe\xfd\xfc garbage\r\n\r\n",
        "an empty method": line(b" /a HTTP/1.1"),
        "a method that is no token": line(b"GE(T /a HTTP/1.1"),
        "a colon in the method": line(b"GET: /a HTTP/1.1"),
        "a target over the limit": (get(target=b"/" + b"a" * (LIMITS["target"] + 8)), 414),
        "a head over the limit": (get(b"X-Long: " + b"a" * LIMITS["head"]), 431),
        "a target that never ends": (b"GET /" + b"a" * (LIMITS["target"] + 8192), 414, 431),
        "a method that never ends": (b"G" * (LIMITS["head"] + 8192), 400, 414, 431),
        "a field that never ends": (get()[:-2] + b"X-A: " + b"a" * (LIMITS["head"] + 8192), 431),
        "fields that never end": (get()[:-2] + b"X-A: a\r\n" * (LIMITS["head"] // 4), 431),
        "too many fields": (get(*[b"X-%d: a" % n for n in range(LIMITS["fields"] + 2)]), 431),
    },
)


def passes_line(title, sent, expected=None):
    def run(on):
        got = on.passes(line(sent), answer=messages.answer(body=b""))
        check(got.line == (expected or sent), expected or sent, got.line)

    add(1, f"passes {title}", run)


for title, method in {
    "a method in small letters": b"get",
    "a method of an extension": b"M-SEARCH",
    "a method of every tchar": b"!#$%&'*+-.^_`|~09azAZ",
    "PATCH": b"PATCH",
    "TRACE-like names": b"TRACER",
}.items():
    passes_line(title, method + b" /a HTTP/1.1")

for title, target in {
    "double slashes": b"//a//b//",
    "dot segments": b"/a/./b/../../c/..",
    "an escaped slash in either case": b"/a%2Fb%2fc",
    "an escaped CRLF": b"/a%0d%0AX:%20b",
    "an escaped NUL": b"/a%00b",
    "escaped letters": b"/%61%62/%7e",
    "a query with question marks and slashes": b"/a?b?c=/d/../e&f=%3F",
    "an empty query": b"/a?",
    "every character of a path": b"/-._~!$&'()*+,;=:@/a",
    "a URI in a query": b"/a?u=http://b:80/c",
    "a long target below the limit": b"/" + b"a" * (LIMITS["target"] - 200),
}.items():
    passes_line(title, b"GET " + target + b" HTTP/1.1")

passes_line("an asterisk for OPTIONS", b"OPTIONS * HTTP/1.1")


def passes_absolute(title, target, origin, host=b"h"):
    def run(on):
        got = on.passes(request(line=b"GET " + target + b" HTTP/1.1", host=b"Host: h"))
        check(got.target == origin, origin, got.target)
        check(got.values(b"host") == [host], b"Host: " + host, got.values(b"host"))

    add(1, f"sends an absolute target {title}", run)


passes_absolute("as its path and query", b"http://h/a/../b?c", b"/a/../b?c")
passes_absolute("without a path as a slash", b"http://h", b"/")
passes_absolute("with a scheme in capitals", b"HTTP://h/a", b"/a")


@case()
def never_sends_the_host_of_a_field_that_an_absolute_target_contradicts(on):
    client = on.client(request(line=b"GET http://other:99/a HTTP/1.1"))
    on.first(client)
    if client.unread or client.end:
        check(messages.read_answer(client).status == 400, 400, client.received)
        return
    got = on.host.serve()
    check(got.values(b"host") == [b"other:99"] and got.target == b"/a", "Host: other:99", got)


@case()
def ignores_one_empty_line_before_a_request(on):
    got = on.passes(b"\r\n" + get())
    check(got.line == b"GET /a HTTP/1.1", "the request", got)


@case()
def serves_http_1_2_as_1_1_or_refuses_it(on):
    client = on.client(get(version=b"HTTP/1.2"))
    on.first(client)
    if client.unread or client.end:
        check(messages.read_answer(client).status in (400, 505), 505, client.received)
        return
    got = on.host.serve()
    check(got.line == b"GET /a HTTP/1.1", "HTTP/1.1", got)


@case()
def a_refused_request_drops_the_bytes_after_it(on):
    on.refuses(line(b"GET /a b HTTP/1.1") + SMUGGLED + SMUGGLED, 400)


@case()
def an_absolute_target_of_a_query_without_a_path_gets_a_slash_or_is_refused(on):
    client = on.client(get(target=b"http://h?c"))
    on.first(client)
    if client.unread or client.end:
        check(messages.read_answer(client).status == 400, 400, client.received)
    else:
        check(on.host.serve().target == b"/?c", "/?c", "another target")
