"""HTTP as both ends of the storm read it; it shares nothing with the proxy."""

import asyncio
import socket
import struct


class ended(Exception):
    """The connection ended: `reset` says how, `partial` is the body so far."""

    def __init__(self, reset, partial=b""):
        super().__init__("reset" if reset else "closed")
        self.reset = reset
        self.partial = partial


class broken(Exception):
    """The bytes are not HTTP."""


class peer:
    """One end of a connection."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self.idle = False

    async def _read(self, awaitable):
        try:
            return await awaitable
        except asyncio.IncompleteReadError as e:
            raise ended(False, e.partial) from None
        except OSError:
            raise ended(True) from None

    async def until(self, marker):
        return await self._read(self._reader.readuntil(marker))

    async def exactly(self, size):
        """If the connection ends early, the bytes so far are in the exception."""
        got = bytearray()
        while len(got) < size:
            piece = await self.some(size - len(got), bytes(got))
            got += piece
        return bytes(got)

    async def some(self, most=1 << 16, before=b""):
        """At least one byte; the end of the connection is an exception."""
        try:
            got = await self._reader.read(most)
        except OSError:
            raise ended(True, before) from None
        if not got:
            raise ended(False, before)
        return got

    async def send(self, data):
        """The next read reports a peer that has left."""
        if self._writer.is_closing():
            return
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError:
            pass

    def half_close(self):
        if not self._writer.is_closing() and self._writer.can_write_eof():
            try:
                self._writer.write_eof()
            except OSError:
                pass

    def close(self):
        self._writer.close()

    def reset(self):
        sock = self._writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


async def connect(port):
    return peer(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 17))


async def read_head(source):
    """(the words of the first line, the fields with their names in lower case)."""
    raw = await source.until(b"\r\n\r\n")
    first, *lines = raw[:-4].split(b"\r\n")
    fields = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise broken(f"a field without a colon: {line!r}")
        fields[name.decode("latin1").lower()] = value.strip().decode("latin1")
    return first.split(b" ", 2), fields


async def read_chunks(source):
    """If the connection ends early, all bytes so far are in the exception."""
    body = bytearray()
    try:
        while True:
            line = await source.until(b"\r\n")
            try:
                size = int(line[:-2], 16)
            except ValueError:
                raise broken(f"a chunk's size: {line!r}") from None
            data = await source.exactly(size)
            body += data
            end = await source.exactly(2)
            if end != b"\r\n":
                raise broken(f"the end of a chunk: {end!r}")
            if size == 0:
                return bytes(body)
    except ended as e:
        # Half a size line and half an end of a chunk are no data.
        inside = e.partial if len(e.partial) > 2 and not e.partial.endswith(b"\r") else b""
        raise ended(e.reset, bytes(body) + inside) from None


class answer:
    def __init__(self, status, fields):
        self.status = status
        self.fields = fields
        self.body = b""
        self.complete = False

    def __repr__(self):
        state = "whole" if self.complete else "cut"
        return f"<{state} {self.status} {self.fields} {len(self.body)}: {self.body[:120]!r}>"


async def read_answer(source, method="GET"):
    """Never raises for an end: None if nothing arrived, and otherwise an answer."""
    while True:
        try:
            words, fields = await read_head(source)
        except ended:
            return None
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise broken(f"a status line: {words!r}")
        got = answer(int(words[1]), fields)
        if got.status >= 200 or got.status == 101:
            break
    try:
        if method == "HEAD" or got.status in (101, 204, 304):
            pass
        elif "transfer-encoding" in fields:
            got.body = await read_chunks(source)
        elif "content-length" in fields:
            got.body = await source.exactly(int(fields["content-length"]))
        else:
            while True:
                got.body += await source.some()
        got.complete = True
    except ended as e:
        got.body += e.partial
        framed = "transfer-encoding" in fields or "content-length" in fields
        got.complete = not framed and not e.reset
    return got
