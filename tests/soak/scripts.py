"""The host's answer to a request, and what its client may get.

A request contains a token, a script and a size; both ends compute the answer from these, so that
its bytes show whether it is another request's answer, or incomplete.
"""

import json

# The answer arrives complete.
WHOLE = ("json", "sse", "chunked", "until_close", "empty", "interim", "slow", "surplus", "refusal")
# The host fails: an error of the proxy, or an answer that cannot look complete.
FAULTS = (
    *("reset_before", "close_before", "garbage", "both_framings"),
    *("cut_length", "cut_chunk", "reset_length", "reset_until_close", "bad_chunk"),
)
# The first attempt gets an error that a recovery fixes, the second one is served.
CURES = ("memory", "memory_event", "cache", "unloaded")

WORDS = {
    "memory": "Model loading was stopped due to insufficient system resources.",
    "memory_event": "The engine ran out of memory.",
    "cache": "Unable to reuse from cache: llama_memory is null",
    "unloaded": "Model unloaded.",
}


def pattern(token, size):
    unit = b"<%s>" % token.encode()
    return (unit * (size // len(unit) + 1))[:size]


def model_of(script):
    return "cached" if script == "cache" else "served"


def request_body(token, script, size):
    """JSON that names a model, because a request that names none may use any."""
    head = b'{"model":"%s","fill":"' % model_of(script).encode()
    return head + pattern(token, size) + b'"}'


def whole_body(token, size):
    return b'{"token":"%s","fill":"%s"}' % (token.encode(), pattern(token, size))


def events(token, size):
    return [
        b'data: {"choices":[{"delta":{"content":"%s %d"}}]}\n\n' % (token.encode(), n)
        for n in range(size // 400 + 1)
    ] + [b"data: [DONE]\n\n"]


def refusal(token, script):
    """The refusal of an attempt; it contains the token next to the text that is judged."""
    error = {"message": WORDS.get(script, "An ordinary refusal."), "param": token}
    if script == "memory_event":
        return b'event: error\ndata: {"error":%s}\n\n' % json.dumps(error).encode()
    return json.dumps({"error": error}).encode()


def expected(script, token, size):
    """Every answer that may arrive complete: (status, body)."""
    if script in ("sse",):
        return [(200, b"".join(events(token, size)))]
    if script == "empty":
        return [(204, b"")]
    if script == "refusal":
        return [(400, refusal(token, script))]
    if script == "early":
        return [(413, refusal(token, script))]
    served = (200, whole_body(token, size))
    if script in CURES:
        return [served, (200 if script == "memory_event" else 400, refusal(token, script))]
    return [served]


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def head(token, status=b"200 OK", *fields):
    lines = [b"HTTP/1.1 " + status, b"X-Echo: " + token.encode(), *fields]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def with_length(token, body, status=b"200 OK", *fields):
    fields = b"Content-Type: application/json", b"Content-Length: %d" % len(body), *fields
    return head(token, status, *fields) + body


def in_chunks(token, pieces, kind):
    first = head(token, b"200 OK", b"Content-Type: " + kind, b"Transfer-Encoding: chunked")
    return [first, *map(chunk, pieces), b"0\r\n\r\n"], "keep"


def halves(data, at):
    return [data[:at], data[at:]]


def heads(pieces, number):
    """The answer to a HEAD: nothing after the heads."""
    parts = b"".join(pieces).split(b"\r\n\r\n")
    return [b"".join(part + b"\r\n\r\n" for part in parts[:number] if len(parts) > number)]


def answer(script, token, size, tries):
    """The pieces of an answer, and how the host ends: "keep", "close" or "reset".

    For the script "early", `tries` says whether the host announces that it closes."""
    body = whole_body(token, size)
    plain = with_length(token, body)
    until_close = head(token, b"200 OK", b"Content-Type: text/plain", b"Connection: close")
    inside = len(plain) - len(body) + size // 2
    if script in CURES and tries == 1:
        words = refusal(token, script)
        if script == "memory_event":
            return in_chunks(token, [words], b"text/event-stream")
        return [with_length(token, words, b"400 Bad Request")], "keep"
    if script == "sse":
        return in_chunks(token, events(token, size), b"text/event-stream")
    if script == "chunked":
        return in_chunks(token, halves(body, size // 3 + 1), b"application/json")
    if script == "refusal":
        return [with_length(token, refusal(token, script), b"400 Bad Request")], "keep"
    if script == "early":
        fields = (b"Connection: close",) if tries else ()
        return [with_length(token, refusal(token, script), b"413 Content Too Large", *fields)], ""
    if script in ("cut_chunk", "bad_chunk"):
        fields = (b"Content-Type: application/json", b"Transfer-Encoding: chunked")
        broken = chunk(body)[: size // 2 + 8] if script == "cut_chunk" else chunk(body) + b"zz\r\n"
        return [head(token, b"200 OK", *fields), broken], "close"
    return {
        "until_close": ([until_close, *halves(body, size // 2)], "close"),
        "empty": ([head(token, b"204 No Content")], "keep"),
        "interim": ([b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", plain], "keep"),
        "slow": (halves(plain, inside), "keep"),
        # At once: bytes that arrive after the next request was sent look like its answer.
        "surplus": ([plain + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nnobody"], "keep"),
        "reset_before": ([], "reset"),
        "close_before": ([], "close"),
        "garbage": ([b"\x00\x16 no HTTP at all\r\n\r\n"], "close"),
        "both_framings": (
            [head(token, b"200 OK", b"Content-Length: 3", b"Transfer-Encoding: chunked")],
            "close",
        ),
        "cut_length": ([plain[:inside]], "close"),
        "reset_length": ([plain[:inside]], "reset"),
        "reset_until_close": ([until_close + body[: size // 2]], "reset"),
    }.get(script, ([plain], "keep"))
