#!/usr/bin/env python3
"""Measures how long the event loop stalls while a recovery plans beside large bodies.

    bench/stall.py build/bench/src/secondwind [--check]

Eight requests with bodies of 20 MiB, each of which names its model last, are in flight when another
request is refused for memory and a recovery runs. A client sends small requests one after another
all the time; its slowest one is the stall. --check fails if that took longer than 20 ms.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import subprocess
import sys
import time

BODIES = 8
BODY_BYTES = 20 << 20
LONGEST_MS = 20
REFUSAL = json.dumps({"error": {"message": "Model loading was stopped due to insufficient system "
                                "resources. Under the current settings, this model requires "
                                "approximately 20.00 GB of memory.", "type": "invalid_request_error"}})
CHAT = b"/v1/chat/completions"


class Host:
    """Has models a (in use) and b (idle) loaded, and refuses to load c until b is unloaded."""

    def __init__(self, port_out, arrived, release):
        self.loaded = {"a", "b"}
        self.port_out, self.arrived, self.release = port_out, arrived, release

    async def run(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 22)
        self.port_out.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
                left = int(fields.get(b"content-length", 0))
                body = b""
                while left:
                    piece = await reader.read(min(left, 1 << 20))
                    if not piece:
                        return
                    left -= len(piece)
                    body = (body + piece)[-200:]
                text = await self.answer(head, body)
                writer.write(f"HTTP/1.1 {text[0]} OK\r\nContent-Type: application/json\r\n"
                             f"Content-Length: {len(text[1])}\r\n\r\n{text[1]}".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    async def answer(self, head, body):
        path = head.split(b" ", 2)[1]
        if path == b"/api/v1/models":
            return 200, json.dumps({"models": [
                {"type": "llm", "key": key, "size_bytes": 10 << 30,
                 "loaded_instances": [{"id": key}] if key in self.loaded else []}
                for key in ("a", "b", "c")]})
        if path == b"/api/v1/models/unload":
            name = json.loads(body)["instance_id"]
            self.loaded.discard(name)
            return 200, json.dumps({"instance_id": name})
        if path == CHAT and b'"model":"a"' in body:
            with self.arrived.get_lock():
                self.arrived.value += 1
            while not self.release.is_set():
                await asyncio.sleep(0.01)
        elif path == CHAT and "b" in self.loaded:
            return 400, REFUSAL
        return 200, '{"choices":[]}'


def serve_host(*arguments):
    asyncio.run(Host(*arguments).run())


def request(connection, path, body=b""):
    method = "POST" if body else "GET"
    head = f"{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, rest = answer.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(rest) < length:
        rest += connection.recv(65536)
    return int(head.split()[1])


def upload(port):
    filler = b'{"messages":[{"role":"user","content":"' + b"x" * BODY_BYTES + b'"}],"model":"a"}'
    with socket.create_connection(("127.0.0.1", port)) as connection:
        request(connection, "/v1/chat/completions", filler)


def ping(port, stop, result):
    slowest = 0.0
    count = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while not stop.is_set():
            begin = time.perf_counter()
            request(connection, "/v1/models")
            slowest = max(slowest, time.perf_counter() - begin)
            count += 1
    result.send((slowest * 1000, count))


def pinged(port, work):
    """The slowest ping while `work` runs, in ms, and the number of pings."""
    stop = multiprocessing.Event()
    mine, theirs = multiprocessing.Pipe()
    pinger = multiprocessing.Process(target=ping, args=(port, stop, theirs))
    pinger.start()
    work()
    stop.set()
    result = mine.recv()
    pinger.join()
    return result


def recover(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        status = request(connection, "/v1/chat/completions", b'{"model":"c","messages":[]}')
    if status != 200:
        sys.exit(f"the refused request was not recovered: {status}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("binary")
    parser.add_argument("--check", action="store_true", help=f"fail above {LONGEST_MS} ms")
    options = parser.parse_args()

    mine, theirs = multiprocessing.Pipe()
    arrived, release = multiprocessing.Value("i", 0), multiprocessing.Event()
    host = multiprocessing.Process(target=serve_host, args=(theirs, arrived, release), daemon=True)
    host.start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    proxy = subprocess.Popen([options.binary, "--listen", f"127.0.0.1:{port}", "--upstream",
                              f"http://127.0.0.1:{mine.recv()}", "--admin", "off",
                              "--log-level", "off"])
    uploads = []
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        uploads = [multiprocessing.Process(target=upload, args=(port,)) for _ in range(BODIES)]
        for each in uploads:
            each.start()
        while arrived.value < BODIES:
            time.sleep(0.05)
        quiet, _ = pinged(port, lambda: time.sleep(1))
        slowest, count = pinged(port, lambda: (time.sleep(0.2), recover(port), time.sleep(0.2)))
        release.set()
        for each in uploads:
            each.join(30)
    finally:
        for each in uploads:
            each.terminate()
        proxy.terminate()
        proxy.wait()
        host.terminate()
    print(f"slowest of {count} small requests during a recovery beside {BODIES} bodies of "
          f"{BODY_BYTES >> 20} MiB: {slowest:.1f} ms (without a recovery: {quiet:.1f} ms)")
    if options.check and slowest > LONGEST_MS:
        sys.exit(f"the event loop stalled for more than {LONGEST_MS} ms")


if __name__ == "__main__":
    main()
