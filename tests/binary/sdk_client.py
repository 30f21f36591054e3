"""A client of the shape of LM Studio's Python SDK, without it.

Its channels and its calls have numbers of their own, from 1, its JSON has spaces, a handle is a
query for an identifier, and it sends pings at any time. Every frame is written and read here, so
that a test can split messages as it likes.
"""

import base64
import itertools
import json
import os
import socket
import struct

from harness import PATIENCE

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUATION = 0


class refused(Exception):
    """An rpcError or a channelError."""

    def __init__(self, error):
        super().__init__(error["title"])
        self.code = error.get("displayData", {}).get("code")


class sdk_client:
    """One connection to a namespace."""

    def __init__(self, port, namespace):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._bytes = b""
        self._channels = itertools.count(1)
        self._calls = itertools.count(1)
        self._pings = itertools.count(1)
        self.pongs = []
        self._shake_hands(port, namespace)
        self.send({"authVersion": 1, "clientIdentifier": f"guest:{os.urandom(8).hex()}",
                   "clientPasskey": os.urandom(8).hex()})
        assert self.read() == {"success": True}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _shake_hands(self, port, namespace):
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET /{namespace} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._bytes:
            self._more()
        head, self._bytes = self._bytes.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101 "), head
        assert b"sec-websocket-extensions" not in head.lower(), head

    # Frames

    def frame(self, opcode, payload, final=True):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([opcode | (0x80 if final else 0)])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += b"\xfe" + struct.pack("!H", size)
        else:
            head += b"\xff" + struct.pack("!Q", size)
        masked = bytes(a ^ b for a, b in zip(payload, itertools.cycle(mask)))
        self._socket.sendall(head + mask + masked)

    def ping(self):
        payload = str(next(self._pings)).encode()
        self.frame(PING, payload)
        return payload

    def send(self, message, fragments=1, kind=TEXT):
        """In so many frames, with a ping after each but the last."""
        whole = json.dumps(message).encode()
        size = -(-len(whole) // fragments)
        for i in range(fragments):
            part = whole[i * size : (i + 1) * size]
            self.frame(kind if i == 0 else CONTINUATION, part, i + 1 == fragments)
            if i + 1 < fragments:
                self.ping()

    def _more(self):
        got = self._socket.recv(65536)
        if not got:
            raise ConnectionError("the connection has ended")
        self._bytes += got

    def _take(self, size):
        while len(self._bytes) < size:
            self._more()
        taken, self._bytes = self._bytes[:size], self._bytes[size:]
        return taken

    def _read_frame(self):
        first, second = self._take(2)
        assert second < 128, "a host masks nothing"
        size = second
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        return first & 15, first >= 128, self._take(size)

    def read(self):
        """The next message. Pongs are put aside."""
        whole = b""
        while True:
            opcode, final, payload = self._read_frame()
            if opcode == PONG:
                self.pongs.append(payload)
                continue
            assert opcode in (TEXT, CONTINUATION), opcode
            whole += payload
            if final:
                break
        message = json.loads(whole)
        assert message.get("type") != "communicationWarning", message
        return message

    # Operations

    def begin_call(self, endpoint, parameter=None, **how):
        number = next(self._calls)
        message = {"type": "rpcCall", "endpoint": endpoint, "callId": number}
        if parameter is not None:
            message["parameter"] = parameter
        self.send(message, **how)
        return number

    def call(self, endpoint, parameter=None, **how):
        number = self.begin_call(endpoint, parameter, **how)
        reply = self.read()
        assert reply["callId"] == number, reply
        if reply["type"] == "rpcError":
            raise refused(reply["error"])
        return reply.get("result")

    def open(self, endpoint, parameter, **how):
        """The packets of a channel, and its number before them."""
        number = next(self._channels)
        self.send({"type": "channelCreate", "endpoint": endpoint, "channelId": number,
                   "creationParameter": parameter}, **how)
        yield number
        while True:
            message = self.read()
            assert message["channelId"] == number, message
            if message["type"] == "channelClose":
                return
            if message["type"] == "channelError":
                raise refused(message["error"])
            yield message["message"]

    def channel(self, endpoint, parameter, **how):
        return list(self.open(endpoint, parameter, **how))[1:]

    def cancel(self, number):
        self.send({"type": "channelSend", "channelId": number, "message": {"type": "cancel"}})

    def load(self, model, identifier=None, **more):
        """The identifier of the instance: all that this SDK keeps of it."""
        parameter = {"modelKey": model, "loadConfigStack": {"layers": []}, **more}
        if identifier:
            parameter["identifier"] = identifier
        return self.channel("loadModel", parameter)[-1]["info"]["identifier"]

    def respond(self, identifier, text, **how):
        return "".join(
            packet["fragment"]["content"]
            for packet in self.channel("predict", prediction(identifier, text), **how)
            if packet["type"] == "fragment"
        )


def query(identifier):
    return {"type": "query", "query": {"identifier": identifier}}


def prediction(identifier, text):
    message = {"role": "user", "content": [{"type": "text", "text": text}]}
    return {"modelSpecifier": query(identifier), "history": {"messages": [message]},
            "predictionConfigStack": {"layers": []}}
