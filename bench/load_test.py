#!/usr/bin/env python3
"""The load generator must not measure wrong answers: answers with a small error, sent whole, in
small pieces and byte by byte, must end it with a failure. So must a lost connection.

    bench/load_test.py build/bench/bench/bench_load
"""

import socket
import subprocess
import sys
import threading
import unittest

LOAD = ""
BODY = b"x" * 1024
EVENT = b'data: {"at":"' + b"0" * 18 + b'1","' + b"y" * (256 - 13 - 19 - 3 - 4) + b'"}\n\n'
DONE = b"data: [DONE]\n\n"
STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def answer(body, status=b"200 OK", length=None):
    said = len(body) if length is None else length
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, said, body)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Host(threading.Thread):
    """Answers each request with the same bytes, piece by piece, and may close afterwards."""

    def __init__(self, said, piece, closes):
        super().__init__(daemon=True)
        self.said, self.piece, self.closes = said, piece, closes
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        try:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with client:
                while self.read_request(client):
                    for at in range(0, len(self.said), self.piece):
                        client.sendall(self.said[at : at + self.piece])
                    if self.closes:
                        return
        except OSError:
            pass  # the load generator has stopped, as it should

    @staticmethod
    def read_request(client):
        request = b""
        while not request.endswith(b'"}]}'):
            more = client.recv(65536)
            if not more:
                return False
            request += more
        return True


class LoadTest(unittest.TestCase):
    def outcome(self, mode, said, piece, closes):
        host = Host(said, piece, closes)
        host.start()
        command = [LOAD, mode, "--port", str(host.port), "--connections", "1"]
        command += ["--n", "2"] if mode == "closed" else ["--events", "3"]
        try:
            return subprocess.run(command, capture_output=True, timeout=20, check=False)
        finally:
            host.listener.close()
            host.join(5)

    def expect(self, status, mode, said, closes=False):
        for piece in (1, 7, len(said)):
            with self.subTest(piece=piece):
                run = self.outcome(mode, said, piece, closes)
                self.assertEqual(run.returncode, status, run.stderr)
                self.assertEqual(bool(run.stdout), status == 0)

    def test_accepts_a_correct_answer(self):
        self.expect(0, "closed", answer(BODY))

    def test_refuses_another_status(self):
        self.expect(1, "closed", answer(BODY, b"500 Internal Server Error"))

    def test_refuses_a_body_that_is_too_short(self):
        self.expect(1, "closed", answer(BODY[:-1]))

    def test_refuses_bytes_after_an_answer(self):
        self.expect(1, "closed", answer(BODY) + b"!")

    def test_refuses_an_answer_that_is_cut_off(self):
        self.expect(1, "closed", answer(BODY[:500], length=1024), closes=True)

    def test_accepts_a_stream_in_any_chunks(self):
        self.expect(0, "sse", STREAM + chunk(EVENT) * 3 + chunk(DONE) + LAST)
        self.expect(0, "sse", STREAM + chunk(EVENT * 3 + DONE) + LAST)

    def test_refuses_a_stream_that_lacks_an_event(self):
        self.expect(1, "sse", STREAM + chunk(EVENT) * 2 + chunk(DONE) + LAST)

    def test_refuses_a_stream_with_an_event_too_many(self):
        self.expect(1, "sse", STREAM + chunk(EVENT) * 4 + chunk(DONE) + LAST)

    def test_refuses_a_stream_that_is_not_done(self):
        self.expect(1, "sse", STREAM + chunk(EVENT) * 3 + LAST)

    def test_refuses_a_stream_without_its_last_chunk(self):
        self.expect(1, "sse", STREAM + chunk(EVENT) * 3 + chunk(DONE), closes=True)

    def test_refuses_a_chunk_without_a_size(self):
        self.expect(1, "sse", STREAM + chunk(EVENT) * 2 + b"zz\r\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: load_test.py LOAD")
    LOAD = sys.argv.pop()
    unittest.main()
