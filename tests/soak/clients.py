"""The clients of the storm. Each scene is one connection of one client."""

import asyncio
import json
import time

import malformed
import scripts
import wire

LATE = 0.7  # seconds: a close may arrive this long after the host has made it
FAULTS_BEHIND_A_HEAD = ("cut", "reset_length", "reset_until", "bad", "both")
OWN_ERRORS = ("host_down", "host_timeout")


class scripted_request:
    """One request, and the rules for its answer."""

    def __init__(self, crowd, script, method="POST", upload=None, old=False, close=False):
        rng = crowd.rng
        self.token = crowd.book.token()
        self.script, self.method, self.old, self.close = script, method, old, close
        self.size = rng.choice((0, 1, 40, 900, 9000, rng.randrange(1, 200000)))
        if script == "surplus":
            self.size = min(self.size, 9000)  # one packet
        self.upload = rng.randrange(1, 3000) if upload is None else upload
        self.body = b""
        if method == "POST":
            self.body = scripts.request_body(self.token, script, self.upload)

    def head(self, *more):
        lines = [
            f"{self.method} /v1/chat/completions?t={self.token} HTTP/1.{0 if self.old else 1}",
            *("Host: proxy", f"X-Token: {self.token}", f"X-Script: {self.script}"),
            *(f"X-Size: {self.size}", *more),
        ]
        if self.method == "POST":
            lines.append(f"X-Upload: {self.upload}")
        if self.close:
            lines.append("Connection: close")
        elif self.old:
            lines.append("Connection: keep-alive")
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def whole(self):
        if self.method != "POST":
            return self.head()
        return self.head(f"Content-Length: {len(self.body)}") + self.body

    def chunked(self, rng):
        out, at = self.head("Transfer-Encoding: chunked"), 0
        while at < len(self.body):
            size = rng.randrange(1, 30000)
            out += scripts.chunk(self.body[at : at + size])
            at += size
        return out + b"0\r\n\r\n"


class crowd:
    def __init__(self, rng, book, host, port):
        self.rng, self.book, self.host, self.port = rng, book, host, port

    def any_script(self):
        if self.rng.random() < 0.2:
            return self.rng.choice(scripts.FAULTS)
        return self.rng.choice(scripts.CURES + scripts.WHOLE + scripts.WHOLE)

    async def ask(self, peer, request, raw):
        began = time.monotonic()
        await peer.send(raw)
        return await self.hear(peer, request, began)

    async def hear(self, peer, request, began):
        """Reads and judges an answer; true if the connection serves another request."""
        got = await wire.read_answer(peer, request.method)
        disturbed = self.host.disturbed > began - LATE
        wrong = self._judge(request, got, disturbed)
        if wrong:
            name = f"{request.method} {request.token} ({request.script})"
            self.book.violation(f"{wrong}: {name} got {got}")
        if got is None or not got.complete:
            return False
        keeps = got.fields.get("connection", "keep-alive" if not request.old else "") != "close"
        framed = "transfer-encoding" in got.fields or "content-length" in got.fields
        bodiless = request.method == "HEAD" or got.status == 204
        return keeps and (framed or bodiless) and not request.close

    def _judge(self, request, got, disturbed):
        may_fail = disturbed or request.script in scripts.FAULTS
        if got is None:
            self.book.count("ended without an answer")
            return "" if may_fail else "no answer"
        if got.status >= 500:
            self.book.count("own errors")
            return self._own_error(request, got, may_fail)
        if got.fields.get("x-echo") != request.token:
            return "the answer of another request"
        wanted = scripts.expected(request.script, request.token, request.size)
        if request.method == "HEAD":
            wanted = [(status, b"") for status, _ in wanted]
        if not got.complete:
            self.book.count("cut answers")
            if not any(body.startswith(got.body) for _, body in wanted):
                return "a cut answer with other bytes"
            return "" if may_fail else "a cut answer"
        # If only the close ends a body, an early close cannot be recognized.
        framed = "content-length" in got.fields or "transfer-encoding" in got.fields
        if disturbed and not framed and any(body.startswith(got.body) for _, body in wanted):
            return ""
        headless = request.method == "HEAD" and request.script.startswith(FAULTS_BEHIND_A_HEAD)
        if request.script in scripts.FAULTS and not headless:
            return "a fault that looks like a whole answer"
        if (got.status, got.body) not in wanted:
            return "a wrong answer"
        self.book.count("whole answers")
        if "recovered" in got.fields.get("x-secondwind-recovery", ""):
            self.book.count("recovered")
            return "" if request.script in scripts.CURES else "a recovery that nobody needed"
        return ""

    def _own_error(self, request, got, may_fail):
        if not may_fail and request.script != "early":
            return "an error of the proxy's for no reason"
        if request.method == "HEAD":
            return ""
        if not got.complete or json.loads(got.body)["error"]["code"] not in OWN_ERRORS:
            return "an odd error"
        return ""

    async def plain(self, peer):
        """Requests one after another."""
        open_ = True
        for _ in range(self.rng.randrange(1, 6)):
            if open_:
                method = self.rng.choice(("POST", "POST", "POST", "GET", "HEAD"))
                script = self.any_script() if method == "POST" else self._uncured()
                request = scripted_request(self, script, method)
                open_ = await self.ask(peer, request, request.whole())

    def _uncured(self):
        return self.rng.choice(scripts.WHOLE + scripts.FAULTS)

    async def old(self, peer):
        keeps = self.rng.random() < 0.5
        request = scripted_request(self, self.any_script(), old=True, close=not keeps)
        open_ = await self.ask(peer, request, request.whole())
        if open_:
            request = scripted_request(self, self.any_script(), old=True, close=True)
            await self.ask(peer, request, request.whole())

    async def upload(self, peer):
        size = self.rng.choice((0, 100, 40000, self.rng.randrange(1, 600000)))
        script = self.rng.choice(("json", "early", self.any_script()))
        request = scripted_request(self, script, upload=size)
        raw = request.chunked(self.rng) if self.rng.random() < 0.6 else request.whole()
        await self.ask(peer, request, raw)

    async def pipeline(self, peer):
        batch = [
            scripted_request(self, self.any_script(), self.rng.choice(("POST", "GET")))
            for _ in range(self.rng.randrange(2, 7))
        ]
        began = time.monotonic()
        await peer.send(b"".join(request.whole() for request in batch))
        for request in batch:
            open_ = await self.hear(peer, request, began)
            if not open_:
                break

    async def slow(self, peer):
        """Sends in pieces, and takes its time to read."""
        request = scripted_request(self, self.any_script())
        raw, at = request.whole(), 0
        began = time.monotonic()
        while at < len(raw):
            size = self.rng.randrange(1, len(raw))
            await peer.send(raw[at : at + size])
            at += size
            await asyncio.sleep(self.rng.uniform(0, 0.03))
        await asyncio.sleep(self.rng.uniform(0, 0.3))
        await self.hear(peer, request, began)

    async def leaves(self, peer):
        """Leaves at any moment, with and without a reset."""
        request = scripted_request(self, self.any_script(), upload=self.rng.randrange(1, 200000))
        raw = request.whole() if self.rng.random() < 0.5 else request.chunked(self.rng)
        cut = self.rng.choice((len(raw), self.rng.randrange(len(raw))))
        if cut < len(raw):
            self.book.forbidden.add(request.token)
        await peer.send(raw[:cut])
        if self.rng.random() < 0.5:
            await asyncio.sleep(self.rng.uniform(0, 0.1))
        if self.rng.random() < 0.5:
            peer.reset()

    async def stalls(self, peer):
        """Stops inside a request, and gets an error."""
        request = scripted_request(self, "json", upload=5000)
        raw = request.whole()
        self.book.forbidden.add(request.token)
        await peer.send(raw[: self.rng.randrange(1, len(raw) - 1)])
        await self._refused(peer, request.token, (408,))

    async def malformed(self, peer):
        token = self.book.token()
        statuses, raw = self.rng.choice(malformed.requests(token))
        # The beginning of a malformed body may have been streamed on; a malformed head never is.
        seen = self.book.forbidden if b"X-Script" in raw else self.book.malformed
        seen.add(token)
        await peer.send(raw)
        await self._refused(peer, token, statuses)

    async def _refused(self, peer, token, statuses):
        got = await wire.read_answer(peer)
        self.book.count("refused")
        if got is None or not got.complete or got.status not in statuses:
            self.book.violation(f"{token} should be refused with {statuses}, got {got}")

    async def websocket(self, peer):
        request = scripted_request(self, "tunnel", "GET")
        began = time.monotonic()
        await peer.send(request.head("Upgrade: websocket", "Connection: Upgrade"))
        got = await wire.read_answer(peer)
        if got is None or got.status != 101 or got.fields.get("x-echo") != request.token:
            if self.host.disturbed < began - LATE:
                self.book.violation(f"no tunnel for {request.token}: {got}")
            return
        self.book.count("tunnels")
        for _ in range(self.rng.randrange(0, 6)):
            data = scripts.pattern(request.token, self.rng.randrange(1, 60000))
            await peer.send(data)
            try:
                echo = await peer.exactly(len(data))
            except wire.ended as e:
                if self.host.disturbed < began - LATE or not data.startswith(e.partial):
                    self.book.violation(f"the tunnel of {request.token} ended: {e.partial[:99]!r}")
                return
            if echo != data:
                self.book.violation(f"the tunnel of {request.token} gave {echo[:99]!r}")
        how = self.rng.random()
        if how < 0.4:
            await peer.send(b"please close")
            await wire.read_answer(peer)  # any answer, and the end
        elif how < 0.7:
            peer.reset()
