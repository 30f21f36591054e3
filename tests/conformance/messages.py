"""HTTP/1 messages as a strict peer reads them: complete, truncated or malformed."""

from dataclasses import dataclass, field

from wire import check, shown


@dataclass
class message:
    line: bytes
    lines: list  # the field lines as they arrived
    raw: bytes = b""  # the whole message
    body: bytes = b""
    complete: bool = True
    interim: list = field(default_factory=list)

    def values(self, name):
        pairs = (line.partition(b":") for line in self.lines)
        return [value.strip(b" \t") for key, _, value in pairs if key.lower() == name.lower()]

    def value(self, name):
        found = self.values(name)
        return found[0] if found else None

    def has(self, line):
        """Whether there is such a field line; the case of its name does not matter."""
        name, _, value = line.partition(b":")
        return value.strip() in self.values(name)

    def those_of(self, lines):
        """The lines with one of these names, as (name in lower case, value)."""
        pairs = [parted(line) for line in self.lines]
        names = {parted(line)[0] for line in lines}
        return [pair for pair in pairs if pair[0] in names]

    @property
    def method(self):
        return self.line.split(b" ")[0]

    @property
    def target(self):
        return self.line.split(b" ")[1]

    @property
    def status(self):
        parts = self.line.split(b" ")
        known = len(parts) > 1 and len(parts[1]) == 3 and parts[1].isdigit()
        return int(parts[1]) if known and parts[0] in (b"HTTP/1.1", b"HTTP/1.0") else None

    def __str__(self):
        return f"{shown(self.raw)}{'' if self.complete else ' (cut)'}"


def read_head(stream):
    raw = stream.until(b"\r\n\r\n")
    if raw is None:
        return None
    line, *lines = raw[:-4].split(b"\r\n")
    return message(line, lines, raw)


def read_request(stream):
    """The host's view; None if the connection ended before a complete head."""
    request = read_head(stream)
    if request is not None:
        start = stream.read - len(request.raw)
        _read_body(stream, request, until_close=False)
        request.raw = bytes(stream.received[start : stream.read])
    return request


def read_answer(stream, method=b"GET"):
    """The client's view, with the interim answers that came before."""
    interim = []
    while True:
        start = stream.read
        answer = read_head(stream)
        check(
            answer is not None,
            f"an answer at the {stream.name}",
            f"{shown(stream.unread)}, then {stream.end}",
        )
        check(answer.status is not None, "a status line", shown(answer.raw))
        if answer.status == 101 or answer.status >= 200:
            break
        interim.append(answer)
    answer.interim = interim
    if method != b"HEAD" and answer.status not in (101, 204, 304):
        _read_body(stream, answer, until_close=True)
    answer.raw = bytes(stream.received[start : stream.read])
    return answer


def _read_body(stream, head, until_close):
    lengths = head.values(b"content-length")
    if head.values(b"transfer-encoding"):
        _read_chunks(stream, head)
    elif lengths:
        check(len(lengths) == 1 and lengths[0].isdigit(), "one Content-Length", shown(head.raw))
        head.body = stream.exactly(int(lengths[0]))
        head.complete = len(head.body) == int(lengths[0])
    elif until_close:
        head.body = stream.rest()
        head.complete = stream.end == "closed"


def _read_chunks(stream, head):
    head.complete = False
    while (line := stream.until(b"\r\n")) is not None:
        digits = line[:-2].split(b";")[0].strip(b" \t")
        if not digits or digits.strip(b"0123456789abcdefABCDEF"):
            return
        if int(digits, 16) == 0:
            break
        data = stream.exactly(int(digits, 16) + 2)
        if len(data) < int(digits, 16) + 2 or not data.endswith(b"\r\n"):
            return
        head.body += data[:-2]
    while line is not None and line != b"\r\n":
        line = stream.until(b"\r\n")
    head.complete = line is not None


def parted(line):
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def request(*lines, body=b"", line=b"POST /a HTTP/1.1", host=b"Host: h"):
    """A request from its parts; the host's field comes first, and no framing is added."""
    fields = [host] if host else []
    return b"\r\n".join([line, *fields, *lines]) + b"\r\n\r\n" + body


def get(*lines, target=b"/a", version=b"HTTP/1.1", host=b"Host: h"):
    return request(*lines, line=b"GET " + target + b" " + version, host=host)


def post(body, *lines, target=b"/a"):
    return request(
        b"Content-Length: %d" % len(body), *lines, body=body, line=b"POST " + target + b" HTTP/1.1"
    )


def answer(*lines, body=None, line=b"HTTP/1.1 200 OK"):
    """An answer from its parts; a body brings its Content-Length."""
    length = [] if body is None else [b"Content-Length: %d" % len(body)]
    return b"\r\n".join([line, *lines, *length]) + b"\r\n\r\n" + (body or b"")


CHUNKED = b"Transfer-Encoding: chunked"
OK = answer(body=b"ok")
