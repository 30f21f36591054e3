"""Requests that must always be refused."""


def requests(token):
    """[(the allowed statuses of the answer, the bytes)]; each contains the token."""
    name = b"X-Token: %s\r\n" % token.encode()
    post = b"POST / HTTP/1.1\r\nHost: proxy\r\n" + name
    chunked = post + b"X-Script: json\r\nX-Size: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [
        ((400,), post + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ((400,), post + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        ((400,), post + b"Content-Length: +3\r\n\r\nabc"),
        ((501,), post + b"Transfer-Encoding: gzip\r\n\r\n"),
        ((400,), post + b"Host: other\r\n\r\n"),
        ((400,), post + b"Bad Name: 1\r\n\r\n"),
        ((400,), post + b" folded\r\n\r\n"),
        ((400,), b"GET / HTTP/1.1\r\n" + name + b"\r\n"),
        ((400,), b"GET  / HTTP/1.1\r\nHost: proxy\r\n" + name + b"\r\n"),
        ((505,), b"GET / HTTP/2.0\r\nHost: proxy\r\n" + name + b"\r\n"),
        ((431,), post + b"X-Long: " + b"a" * 70000 + b"\r\n\r\n"),
        ((414, 431), b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: proxy\r\n" + name + b"\r\n"),
        ((400,), chunked + b"5\r\nabcdeXX"),
        ((400,), chunked + b"zz\r\n"),
        ((400,), chunked + b"3;a=\x01\r\nabc\r\n0\r\n\r\n"),
        ((400,), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ]
