"""Hundreds of raw clients and a raw host in one event loop, and the figures of the process between.

Nothing reads ahead here: a peer that is not asked to read leaves the bytes to the kernel.
"""

import asyncio
import contextlib
import mmap
import os
import random
import resource
import socket
import zlib

from harness import BINARY, PATIENCE, process

MIB = 1 << 20
BUFFER = MIB // 4  # what is read and written at once


def sanitized():
    """Under a sanitizer, memory means nothing and everything is slow."""
    with open(BINARY, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as code:
        return code.find(b"__asan_init") >= 0 or code.find(b"__tsan_init") >= 0


class content:
    """A long body of which only one block is kept; `key` makes it unlike any other's."""

    def __init__(self, key, size):
        self._block = memoryview(random.Random(key).randbytes(MIB // 2))
        self.size = size

    def pieces(self):
        for at in range(0, self.size, len(self._block)):
            yield self._block[: self.size - at]

    def sum(self):
        total = 0
        for piece in self.pieces():
            total = zlib.crc32(piece, total)
        return total


class end_of_stream(Exception):
    pass


class peer:
    """One end of a connection."""

    def __init__(self, sock):
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._unread = b""
        self.sent = 0
        self.ended = False

    async def send(self, data):
        for at in range(0, len(data), BUFFER):
            part = data[at : at + BUFFER]
            await self._loop.sock_sendall(self._sock, part)
            self.sent += len(part)

    async def send_all(self, pieces, chunked=False):
        for piece in pieces:
            if chunked:
                await self.send(b"%x\r\n" % len(piece))
            await self.send(piece)
            if chunked:
                await self.send(b"\r\n")
        if chunked:
            await self.send(b"0\r\n\r\n")

    async def _some(self):
        got = self._unread or await self._loop.sock_recv(self._sock, BUFFER)
        self._unread = b""
        if not got:
            raise end_of_stream
        return got

    async def until(self, mark):
        got = b""
        while mark not in got:
            got += await self._some()
        at = got.index(mark) + len(mark)
        self._unread = got[at:]
        return got[:at]

    async def sum_of(self, size, total=0):
        """Reads so many bytes, and keeps no more than their checksum."""
        while size > 0:
            got = await self._some()
            total = zlib.crc32(got[:size], total)
            self._unread = got[size:]
            size -= min(size, len(got))
        return total

    async def sum_of_chunks(self):
        total = size = 0
        while True:
            line = await self.until(b"\r\n")
            length = int(line, 16)
            total = await self.sum_of(length, total)
            await self.until(b"\r\n")
            if length == 0:
                return size, total
            size += length

    async def rest(self):
        """Everything up to the end, whichever way it comes."""
        got = b""
        with contextlib.suppress(end_of_stream, ConnectionResetError):
            while True:
                got += await self._some()
        return got

    def close(self):
        self.ended = True
        self._sock.close()


async def connect(port):
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return peer(sock)


class host:
    """Calls `serve` with each connection, in a task of its own."""

    def __init__(self, serve):
        self._serve = serve
        self.peers = []

    async def __aenter__(self):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(2048)
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._tasks = {asyncio.create_task(self._accept())}
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for each in self.peers:
            each.close()
        self._listener.close()

    async def _accept(self):
        loop = asyncio.get_running_loop()
        while True:
            sock, _ = await loop.sock_accept(self._listener)
            sock.setblocking(False)
            self.peers.append(peer(sock))
            self._tasks.add(asyncio.create_task(self._one(self.peers[-1])))

    async def _one(self, client):
        with contextlib.suppress(end_of_stream, ConnectionError):
            await self._serve(client)
        client.close()


async def serve_ok(client):
    """A host for requests without bodies."""
    while True:
        await client.until(b"\r\n\r\n")
        await client.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def until(condition):
    """Awaits what has no event to wait for, such as a figure of another process."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


async def until_still(figure):
    """Awaits that a figure does not change for a quarter of a second."""
    last, since = None, 0
    async with asyncio.timeout(PATIENCE):
        while since < 10:
            now = figure()
            since = since + 1 if now == last else 0
            last = now
            await asyncio.sleep(0.025)


class watched(process):
    """A running program with its figures."""

    @property
    def pid(self):
        return self._child.pid

    def alive(self):
        return self._child.poll() is None

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def limit_descriptors(self, number):
        hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (number, hard))

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self, name):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024

    def memory(self):
        return self._memory("VmRSS")

    def forget_peak(self):
        """From here on peak() is the most since now."""
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")

    def peak(self):
        return self._memory("VmHWM")
