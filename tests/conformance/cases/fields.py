"""Section 2: fields (RFC 9110 section 5; RFC 9112 sections 3.2, 5)."""

from messages import get, parted, request
from registry import add, all_refused, in_section
from wire import check

case = in_section(2)

all_refused(
    2,
    {
        "a space before the colon": get(b"X-A : b"),
        "a TAB before the colon": get(b"X-A\t: b"),
        "an empty name": get(b": b"),
        "a line without a colon": get(b"X-A"),
        "a control in a name": get(b"X\x01A: b"),
        "NUL in a name": get(b"X\x00A: b"),
        "a space in a name": get(b"X A: b"),
        "a parenthesis in a name": get(b"X(A: b"),
        "a slash in a name": get(b"X/A: b"),
        "a quote in a name": get(b'X"A: b'),
        "a high byte in a name": get(b"X\xe9A: b"),
        "DEL in a name": get(b"X\x7fA: b"),
        "a folded line with a space": get(b"X-A: b", b" c"),
        "a folded line with a TAB": get(b"X-A: b", b"\tc"),
        "a folded line that looks like a field": get(b"X-A: b", b" X-B: c"),
        "a folded line right after the request line": request(
            host=b" Host: h", line=b"GET /a HTTP/1.1"
        ),
        "a line of only a space": get(b" "),
        "NUL in a value": get(b"X-A: b\x00c"),
        "a bare CR in a value": get(b"X-A: b\rc"),
        "a bare CR that would begin a field": get(b"X-A: b\rX-B: c"),
        "a bare LF in a value": get(b"X-A: b\nX-B: c"),
        "CR CR LF": get(b"X-A: b\r"),
        "a control in a value": get(b"X-A: b\x01c"),
        "escape in a value": get(b"X-A: b\x1bc"),
        "a backspace in a value": get(b"X-A: b\x08c"),
        "DEL in a value": get(b"X-A: b\x7fc"),
        "no Host on 1.1": request(host=b"", line=b"GET /a HTTP/1.1"),
        "two different Hosts": get(b"Host: i"),
        "two equal Hosts": get(b"Host: h"),
        "two Hosts on 1.0": get(b"Host: i", version=b"HTTP/1.0"),
        "two Hosts of different case": get(b"hOST: h"),
    },
)

all_refused(
    2,
    {
        f"Host with {title}": get(host=b"Host: " + value)
        for title, value in {
            "a space": b"a b",
            "a path": b"a/b",
            "a user": b"a@b",
            "a query": b"a?b",
            "a fragment": b"a#b",
            "a scheme": b"http://a",
            "a port that is no number": b"a:b",
            "a port over 65535": b"a:65536",
            "a signed port": b"a:+80",
            "two ports": b"a:80:81",
            "an open bracket": b"[::1",
            "a closing bracket alone": b"::1]",
            "a list": b"a, b",
            "a backslash": b"a\\b",
            "a control": b"a\x01b",
            "a high byte": b"\xe9",
        }.items()
    },
)


def passes_field(title, *lines):
    """The lines reach the host in order; only one case requires the exact letters."""

    def run(on):
        got = on.passes(get(*lines))
        check(got.those_of(lines) == [parted(line) for line in lines], lines, got)

    add(2, f"passes {title}", run)


passes_field("an underscore in a name", b"X_A: b")
passes_field("every tchar in a name", b"!#$%&'*+-.^_`|~09azAZ: b")
passes_field("the order of fields", b"X-C: 1", b"X-A: 2", b"X-B: 3", b"X-A: 4")
passes_field("obs-text in a value", b"X-A: caf\xe9 \xff\x80")
passes_field("UTF-8 in a value", "X-A: 日本".encode())
passes_field("a TAB inside a value", b"X-A: b\tc")
passes_field("colons and quotes in a value", b'X-A: b: "c", d; e="f\\"g"')
passes_field("repeated Cookie lines", b"Cookie: a=1", b"Cookie: b=2")
passes_field("repeated Accept lines", b"Accept: a/b", b"Accept: c/d;q=0.1")
passes_field("a repeated unknown field", b"X-A: 1", b"X-A: 1", b"X-A: 2")
passes_field("as many fields as are allowed", *[b"X-%d: a" % n for n in range(90)])
passes_field("a long value below the limit", b"X-A: " + b"a" * 7000)


@case()
def passes_the_case_of_names(on):
    lines = [b"x-SMALL: b", b"X-LARGE: c", b"aCCept: d"]
    got = on.passes(get(*lines))
    check([line for line in got.lines if line in lines] == lines, lines, got)


@case()
def passes_an_empty_value(on):
    got = on.passes(get(b"X-A:", b"X-B: ", b"X-C: c"))
    check(got.values(b"x-a") == [b""] and got.values(b"x-b") == [b""], "two empty values", got)


@case()
def whitespace_around_a_value_is_not_part_of_it(on):
    got = on.passes(get(b"X-A: \t b c\t \t", b"X-B:d", b"Content-Length:\t0 "))
    check(got.values(b"x-a") == [b"b c"] and got.values(b"x-b") == [b"d"], "b c, d", got)


@case()
def passes_a_1_0_request_without_Host(on):
    got = on.passes(get(host=b"", version=b"HTTP/1.0"))
    check(got.target == b"/a", "/a", got)


for title, host in {
    "a name and a port": b"lm.example:1235",
    "capitals": b"LM.Example",
    "an IPv4 address": b"127.0.0.1:1235",
    "an IPv6 address": b"[::1]:1235",
    "an underscore": b"lm_studio",
}.items():

    def run(on, host=host):
        got = on.passes(get(host=b"Host: " + host))
        check(got.values(b"host") == [host], f"Host: {host}", got)

    add(2, f"sends Host as it came: {title}", run)


def passes_or_is_refused(title, host):
    def run(on):
        client = on.client(get(host=b"Host:" + host))
        on.first(client)
        if client.received:
            check(
                client.received[9:12] == b"400", "400, or the request at the host", client.received
            )
        else:
            check(on.host.serve().values(b"host") == [host.strip()], f"Host:{host}", "another")

    add(2, f"passes Host as it came or refuses it: {title}", run)


# RFC 9112 section 3.2 and RFC 3986 section 3.2.3 allow them; no real client needs them.
passes_or_is_refused("an empty value", b"")
passes_or_is_refused("a port of no digits", b" h:")
