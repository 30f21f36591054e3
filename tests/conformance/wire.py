"""One end of a TCP connection, as raw bytes, with a bound on every wait."""

import select
import socket
import struct
import threading
import time

# How long to wait for bytes that must arrive. Only a failing case waits this long.
BOUND = 4.0


class failure(Exception):
    """The expectation of a case, and what it got instead."""

    def __init__(self, expected, got):
        super().__init__(f"expected {expected}; got {got}")
        self.expected = str(expected)
        self.got = str(got)


def check(truth, expected, got):
    if not truth:
        raise failure(expected, got)


def shown(data, limit=400):
    """Bytes in readable form, truncated if they are long."""
    text = repr(bytes(data[:limit]))[1:]
    return text if len(data) <= limit else f"{text}... ({len(data)} bytes)"


class stream:
    """Keeps all received bytes; reading only advances in them."""

    def __init__(self, sock, name, peer_port):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.ports = sock.getsockname()[1], peer_port
        self.name = name
        self.received = bytearray()
        self.read = 0
        self.end = None  # None while open, then "closed" or "reset"

    def fileno(self):
        return self.sock.fileno()

    @property
    def unread(self):
        return bytes(self.received[self.read :])

    def send(self, data):
        """A peer that has already refused may have closed: only its answer counts."""
        try:
            self.sock.settimeout(BOUND)
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        except TimeoutError:
            raise failure(
                f"the proxy to take the bytes of the {self.name}", "no progress"
            ) from None
        return self

    def send_bytewise(self, data):
        for at in range(len(data)):
            self.send(data[at : at + 1])
        return self

    def send_beside(self, data):
        """For more bytes than the sockets' buffers hold, while this thread reads the other end."""
        threading.Thread(target=self._send_quietly, args=(data,), daemon=True).start()

    def _send_quietly(self, data):
        try:
            self.send(data)
        except (failure, OSError):
            pass

    def pump(self):
        """Reads the available bytes, or the end. Call it when the socket is readable."""
        try:
            data = self.sock.recv(1 << 18)
            self.received += data
            if not data:
                self.end = "closed"
        except ConnectionResetError:
            self.end = "reset"

    def pump_until(self, deadline, waiting_for):
        """Waits for more bytes; false at the end of the stream."""
        if self.end:
            return False
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self.sock], [], [], max(left, 0))
        if not ready:
            raise failure(
                f"{waiting_for} at the {self.name}", f"nothing more after {shown(self.unread)}"
            )
        self.pump()
        return self.end is None

    def until(self, marker):
        """Reads up to and with the marker; None if the stream ended before it."""
        deadline = time.monotonic() + BOUND
        while (found := self.received.find(marker, self.read)) < 0:
            if not self.pump_until(deadline, shown(marker)):
                return None
        return self._take(found + len(marker))

    def exactly(self, size):
        """Reads that many bytes, or fewer if the stream ended before."""
        deadline = time.monotonic() + BOUND
        while len(self.received) - self.read < size:
            if not self.pump_until(deadline, f"{size} bytes"):
                break
        return self._take(min(self.read + size, len(self.received)))

    def rest(self):
        """Reads to the end of the stream, which must come."""
        deadline = time.monotonic() + BOUND
        while self.pump_until(deadline, "the end of the connection"):
            pass
        return self._take(len(self.received))

    def expect(self, data):
        got = self.exactly(len(data))
        check(
            got == data, f"{shown(data)} at the {self.name}", f"{shown(got)}, {self.end or 'open'}"
        )

    def expect_end(self):
        got = self.rest()
        check(got == b"", f"nothing more at the {self.name}, and its end", shown(got))

    def _take(self, to):
        taken = bytes(self.received[self.read : to])
        self.read = to
        return taken

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()
        self.end = self.end or "closed"

    def arrive(self):
        """After a close or a reset here, waits until the kernel has told the other end.

        On a busy machine, even the loopback interface delivers with a delay."""
        deadline = time.monotonic() + BOUND
        while self._is_established_there():
            if time.monotonic() > deadline:
                raise failure(
                    f"the end of the {self.name}'s connection to arrive", "it is still up"
                )

    def _is_established_there(self):
        ports = f":{self.ports[1]:04X}", f":{self.ports[0]:04X}"
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split()[1:4] for line in table]
        return any(
            (local[-5:], remote[-5:], state) == (*ports, "01") for local, remote, state in rows[1:]
        )

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
