"""Stands in for LM Studio: it follows each request's script, and also fails at random."""

import asyncio
import json
import time

import scripts
import wire


class host:
    def __init__(self, rng, book):
        self._rng = rng
        self._book = book
        self._server = None
        self._peers = set()
        self._loaded = {"served": "served"}  # the models of the instances
        self.port = 0
        self.disturbed = 0.0  # when it last closed a connection without a script

    async def start(self):
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, limit=1 << 17, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def drop(self, only_idle):
        """Closes connections at random moments."""
        self.disturbed = time.monotonic()
        for peer in list(self._peers):
            if peer.idle or not only_idle:
                peer.reset() if self._rng.random() < 0.3 else peer.close()

    async def fail_now_and_then(self):
        while True:
            await asyncio.sleep(self._rng.uniform(0.8, 2.5))
            if self._rng.random() < 0.6:
                self.drop(only_idle=True)
                self._book.count("idle closes")
                continue
            self._server.close()
            self.drop(only_idle=False)
            down_until = time.monotonic() + self._rng.uniform(0.02, 0.3)
            while time.monotonic() < down_until:
                self.disturbed = time.monotonic()
                await asyncio.sleep(0.02)
            await self.start()
            self.disturbed = time.monotonic()
            self._book.count("host down")

    def stop(self):
        self._server.close()
        self.drop(only_idle=False)

    async def _connected(self, reader, writer):
        peer = wire.peer(reader, writer)
        self._peers.add(peer)
        try:
            open_ = True
            while open_:
                peer.idle = True
                words, fields = await wire.read_head(peer)
                peer.idle = False
                open_ = await self._serve(peer, words, fields)
            peer.close()
        except (wire.ended, ConnectionError, asyncio.CancelledError):
            peer.close()
        except wire.broken as e:
            self._book.violation(f"the host was sent {e}")
            peer.close()
        finally:
            self._peers.discard(peer)

    async def _serve(self, peer, words, fields):
        """False: the connection ends."""
        method, target = words[0].decode(), words[1].decode()
        token = fields.get("x-token")
        if token in self._book.malformed:
            self._book.violation(f"a malformed request reached the host: {token}")
            return False
        if token is None:
            return await self._api(peer, method, target, fields)
        script, size = fields["x-script"], int(fields["x-size"])
        if words[2] != b"HTTP/1.1":
            self._book.violation(f"a request reached the host in another version: {token}")
        if fields.get("upgrade") == "websocket":
            return await self._echo(peer, token)
        if script == "early":
            return await self._early(peer, token, size, fields)
        await self._upload(peer, token, script, fields)
        tries = self._book.executed(token, method, script)
        if script == "memory" or script == "memory_event":
            self._loaded[f"idle-{token}"] = "idle"
        elif script == "cache":
            self._loaded["cached"] = "cached"
        pieces, end = scripts.answer(script, token, size, tries)
        if method == "HEAD":
            # Sent together with its head: an unannounced close would fail the next request.
            pieces = scripts.heads(pieces, 2 if script == "interim" else 1)
            end = "keep" if pieces else end
        for piece in pieces:
            await peer.send(piece)
            if script in ("slow", "interim") or self._rng.random() < 0.1:
                await asyncio.sleep(self._rng.uniform(0, 0.15))
        if end == "reset":
            peer.reset()
        return end == "keep"

    async def _body(self, peer, fields):
        if "transfer-encoding" in fields:
            return await wire.read_chunks(peer)
        return await peer.exactly(int(fields.get("content-length", 0)))

    async def _early(self, peer, token, size, fields):
        """Answers before it has the body. The rest of that body follows, or nothing at all."""
        closes = self._rng.random() < 0.5
        await peer.send(scripts.answer("early", token, size, closes)[0][0])
        if closes:
            peer.half_close()
            while True:
                await peer.some()
        await self._upload(peer, token, "early", fields)
        return True

    async def _upload(self, peer, token, script, fields):
        body = await self._body(peer, fields)
        if "x-upload" in fields:
            wanted = scripts.request_body(token, script, int(fields["x-upload"]))
            if body != wanted:
                self._book.violation(f"the host got another body than {token} sent: {body[:99]!r}")

    async def _echo(self, peer, token):
        await peer.send(
            scripts.head(
                token, b"101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade"
            )
        )
        while True:
            got = await peer.some()
            await peer.send(got)
            if b"please close" in got:
                return False

    async def _api(self, peer, method, target, fields):
        """The calls of a recovery."""
        body = await self._body(peer, fields)
        await asyncio.sleep(self._rng.uniform(0, 0.02))
        if (method, target) == ("GET", "/api/v1/models"):
            models = {}
            for instance, model in self._loaded.items():
                models.setdefault(model, []).append({"id": instance, "config": {}})
            listed = [
                {"type": "llm", "key": key, "size_bytes": 9, "loaded_instances": instances}
                for key, instances in models.items()
            ]
            reply = json.dumps({"models": listed}).encode()
        elif (method, target) == ("POST", "/api/v1/models/unload"):
            instance = json.loads(body)["instance_id"]
            self._loaded.pop(instance, None)
            self._book.count("unloads")
            reply = json.dumps({"instance_id": instance}).encode()
        elif (method, target) in (("GET", "/llm"), ("GET", "/embedding")):
            # It reports no activity: it refuses, breaks off, or stays silent for a while.
            way = self._rng.randrange(3)
            if way == 0:
                await peer.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return True
            if way == 1:
                peer.reset()
            else:
                await asyncio.sleep(self._rng.uniform(0, 0.2))
            return False
        else:
            self._book.violation(f"an unknown call of the proxy's: {method} {target}")
            return False
        await peer.send(scripts.with_length("", reply))
        return True
