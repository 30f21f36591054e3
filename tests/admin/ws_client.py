"""A WebSocket client (RFC 6455) of its own, so that no library's leniency hides what is sent."""

import base64
import hashlib
import json
import os
import socket
import struct

PATIENCE = 30  # seconds
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class websocket:
    """`status` is 101, or that of another answer with its `body`."""

    def __init__(self, port, target, fields):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._read = self._socket.makefile("rb")
        key = base64.b64encode(os.urandom(16))
        lines = [
            f"GET {target} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key.decode()}",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.status = int(self._line().split(b" ")[1])
        heads = {}
        while line := self._line():
            name, value = line.split(b":", 1)
            heads[name.lower()] = value.strip()
        self.body = b""
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
            assert heads[b"sec-websocket-accept"] == accept, heads
        else:
            self.body = self._read.read(int(heads[b"content-length"]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._read.close()
        self._socket.close()

    def message(self):
        """The next one, as JSON."""
        text = b""
        while True:
            final, kind, payload = self._frame()
            if kind == CLOSE:
                raise AssertionError(f"it was closed: {payload!r}")
            if kind == PING:
                self._send(PONG, payload)
            if kind in (0, TEXT):
                text += payload
                if final:
                    return json.loads(text)

    def send(self, message):
        self._send(TEXT, json.dumps(message).encode())

    def close_code(self):
        """Reads until the other side closes it."""
        while True:
            _, kind, payload = self._frame()
            if kind == CLOSE:
                return struct.unpack("!H", payload[:2])[0]

    def close(self):
        """Says goodbye, awaits the other side's, and goes."""
        self._send(CLOSE, struct.pack("!H", 1000))
        self.close_code()
        self._socket.shutdown(socket.SHUT_RDWR)

    def _line(self):
        line = self._read.readline()
        assert line.endswith(b"\r\n"), line
        return line[:-2]

    def _exactly(self, count):
        data = self._read.read(count)
        if len(data) != count:
            raise AssertionError("the connection ended within a frame")
        return data

    def _frame(self):
        first, second = self._exactly(2)
        assert first & 0x70 == 0 and second & 0x80 == 0, "a server's frame has no mask"
        length = second
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        return first & 0x80 != 0, first & 0x0F, self._exactly(length)

    def _send(self, kind, payload):
        assert len(payload) < 126
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | kind, 0x80 | len(payload)]) + mask + masked)
