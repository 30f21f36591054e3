"""Probes and operators while others hold more connections to the admin listener than it has room
for, each of them sending its request a byte at a time and coming back as soon as it is closed."""

import asyncio
import contextlib
import json
import pathlib
import resource
import signal
import socket
import tempfile
import unittest

from harness import PATIENCE, closed_port, port_of, process

DRIPPING = 1_100  # what the listener has room for by default
TRIES = 49
TOKEN = "0123456789abcdef"
DRIP = b"GET /livez HTTP/1.1\r\nHost: admin\r\nX-Padding: " + b"a" * 100_000


class crowd:
    """Keeps so many connections to one address dripping."""

    def __init__(self, address, size):
        self._address = address
        self._size = size
        self.connected = 0
        self.replaced = 0

    async def __aenter__(self):
        self._full = asyncio.Event()
        self._tasks = [asyncio.create_task(self._drip()) for _ in range(self._size)]
        await asyncio.wait_for(self._full.wait(), PATIENCE)
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drip(self):
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(*self._address)
                self.connected += 1
                if self.connected == self._size:
                    self._full.set()
                with contextlib.closing(writer):
                    for byte in DRIP:
                        writer.write(bytes([byte]))
                        with contextlib.suppress(TimeoutError):
                            async with asyncio.timeout(0.2):
                                await reader.read()
                                break
            self.replaced += 1


async def ask(address, path, fields="", source=None):
    """The status of a request on a connection of its own; 0 if there is no answer."""
    request = f"GET {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n{fields}\r\n"
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(*address, local_addr=source)
            with contextlib.closing(writer):
                writer.write(request.encode())
                head = await reader.readuntil(b"\r\n\r\n")
                return int(head.split()[1])
    return 0


class probes(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # which unittest sets, and slows everything
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.port = self.enterContext(closed_port())

    def serving(self, **env):
        proxy = self.enterContext(
            process(
                *("--listen", "127.0.0.1:0", "--upstream", f"http://127.0.0.1:{self.port}"),
                env={f"SECONDWIND_{name}": value for name, value in env.items()},
            )
        )
        return proxy

    async def answered(self, address, path="/livez", fields="", source=None):
        """How many of the tries have succeeded."""
        statuses = [await ask(address, path, fields, source) for _ in range(TRIES)]
        return statuses.count(200)

    async def test_all_probes_are_answered_while_a_crowd_drips(self):
        address = ("127.0.0.1", port_of(self.serving().event("admin_listening")["listen"]))
        async with crowd(address, DRIPPING) as others:
            self.assertEqual(await self.answered(address), TRIES)
            self.assertEqual(await self.answered(address, source=("127.0.0.2", 0)), TRIES)
            print(f"{TRIES} of {TRIES} probes; {others.replaced} connections gave way")

    async def test_who_shows_the_token_is_answered_while_a_crowd_drips(self):
        proxy = self.serving(ADMIN_TOKEN=TOKEN)
        address = ("127.0.0.1", port_of(proxy.event("admin_listening")["listen"]))
        fields = f"Authorization: Bearer {TOKEN}\r\n"
        async with crowd(address, DRIPPING):
            self.assertEqual(await self.answered(address, "/api/status", fields), TRIES)

    async def test_all_probes_are_answered_at_a_listener_for_probes_alone(self):
        proxy = self.serving(ADMIN_LISTEN="off", ADMIN_PROBE_LISTEN="127.0.0.1:0")
        address = ("127.0.0.1", port_of(proxy.event("probe_listening")["listen"]))
        async with crowd(address, DRIPPING):
            self.assertEqual(await self.answered(address), TRIES)
            self.assertEqual(await ask(address, "/api/status"), 404)

    def test_an_address_in_use_prevents_the_start(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            proxy = self.serving(ADMIN_PROBE_LISTEN=address)
            self.assertEqual(proxy.wait(), 1)
            told = "\n".join(proxy.errors.rest())
            self.assertIn(f"the probe listener cannot listen on {address}", told)

    async def test_a_reload_opens_and_closes_the_listener_for_probes(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "secondwind.json")
        file.write_text("{}")
        proxy = self.serving(CONFIG=str(file))
        proxy.event("listening")
        file.write_text(json.dumps({"admin": {"probe_listen": "127.0.0.1:0"}}))
        proxy.signal(signal.SIGHUP)
        address = ("127.0.0.1", port_of(proxy.event("probe_listening")["listen"]))
        self.assertEqual(await ask(address, "/livez"), 200)
        file.write_text("{}")
        proxy.signal(signal.SIGHUP)
        self.assertEqual(proxy.event("config_reloaded")["changed"], "admin.probe_listen")
        proxy.signal(signal.SIGHUP)
        proxy.event("config_reloaded")
        self.assertEqual(await ask(address, "/livez"), 0)


if __name__ == "__main__":
    unittest.main()
