"""Clients that repeat a request at once, on a host that refuses every unload: how often the host is
asked in vain, and how much is written about it.

    STORM_SECONDS=15 BINARY_UNDER_TEST=build/release/src/secondwind storm_test.py

prints the figures of a longer storm.
"""

import asyncio
import json
import os
import pathlib
import signal
import tempfile
import unittest

from crowd import connect, host
from harness import BINARY, clean_environment, event_in

CLIENTS = 20
SECONDS = float(os.environ.get("STORM_SECONDS", "4"))
BODY = b'{"model":"large"}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
REFUSED = b'{"error":{"message":"Failed to load model: insufficient system resources"}}'
MODELS = json.dumps(
    {
        "models": [
            {"type": "llm", "key": name, "size_bytes": 10**9, "loaded_instances": loaded}
            for name, loaded in (("small", [{"id": "small", "config": {}}]), ("large", []))
        ]
    }
).encode()


def answer(status, body):
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (status, len(body), body)
    )


class stubborn_host:
    """It is full, and unloads nothing."""

    def __init__(self):
        self.unloads = 0

    async def serve(self, peer):
        while True:
            head = await peer.until(b"\r\n\r\n")
            if head.startswith(b"GET /api/v1/models "):
                await peer.send(answer(b"200 OK", MODELS))
                continue
            if not head.startswith(b"POST "):
                await peer.send(answer(b"404 Not Found", b"{}"))
                continue
            await peer.until(b"}")
            if b" /api/v1/models/unload " in head:
                self.unloads += 1
                await peer.send(answer(b"500 Internal Server Error", b'{"error":"no"}'))
            else:
                await peer.send(answer(b"400 Bad Request", REFUSED))


class storm(unittest.IsolatedAsyncioTestCase):
    async def start(self, upstream, folder):
        env = {
            "SECONDWIND_ADMIN_LISTEN": "off",
            "SECONDWIND_LOG_FILE": str(folder / "log"),
            "SECONDWIND_RECOVERY_LEDGER_FILE": str(folder / "ledger"),
            "SECONDWIND_RECOVERY_WEBSOCKET_TIMEOUT": "0",
            "SECONDWIND_HEALTH_INTERVAL": "0",
        }
        child = await asyncio.create_subprocess_exec(
            BINARY, "--listen", "127.0.0.1:0", "--upstream", upstream, env=clean_environment(env)
        )
        return child

    async def port(self, log):
        async with asyncio.timeout(10):
            while True:
                for line in log.read_text().splitlines() if log.exists() else ():
                    if event := event_in(line, "listening"):
                        return int(event["listen"].rpartition(":")[2])
                await asyncio.sleep(0.02)

    async def repeat(self, at, end):
        """How many answers one client gets; each is the error of the host."""
        loop = asyncio.get_running_loop()
        app = await connect(at)
        answers = 0
        while loop.time() < end:
            await app.send(REQUEST)
            got = await app.until(REFUSED)
            self.assertTrue(got.startswith(b"HTTP/1.1 400 "), got)
            self.assertIn(b"X-Secondwind-Recovery: unload_failed; ", got)
            answers += 1
        app.close()
        return answers

    async def test_costs_the_host_few_calls_and_the_disk_few_bytes(self):
        loop = asyncio.get_running_loop()
        loop.set_debug(False)  # which unittest sets, and slows everything
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        full = stubborn_host()
        async with host(full.serve) as lm:
            child = await self.start(lm.url, folder)
            try:
                at = await self.port(folder / "log")
                end = loop.time() + SECONDS
                answers = sum(
                    await asyncio.gather(*(self.repeat(at, end) for _ in range(CLIENTS)))
                )
                child.send_signal(signal.SIGTERM)
                self.assertEqual(await child.wait(), 0)
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        log = (folder / "log").read_bytes()
        ledger = (folder / "ledger").read_bytes()
        figures = f"{SECONDS:g} s, {answers} requests: {full.unloads} unload calls, "
        figures += f"{len(log)} bytes of log, {len(ledger)} bytes of ledger"
        print(figures)

        # After the second failure: 1 s, 2 s, 4 s and so on.
        self.assertGreaterEqual(full.unloads, 2)
        self.assertLessEqual(full.unloads, 8, figures)
        # Those that wait for a recovery share it, and each has a line of its own.
        self.assertLess(len(log), 256 * 1024, figures)
        self.assertLess(len(ledger), 64 * 1024, figures)
        events = [json.loads(line) for line in log.splitlines()]
        lines = [each for each in events if each["event"] == "exchange"]
        told = len(lines) + sum(each.get("suppressed", 0) for each in lines)
        self.assertLess(len(lines), 300)
        self.assertLessEqual(told, answers)
        self.assertGreater(told, answers / 2)
        self.assertTrue([each for each in events if each["event"] == "recoveries_paused"])


if __name__ == "__main__":
    unittest.main()
