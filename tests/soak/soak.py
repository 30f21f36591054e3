#!/usr/bin/env python3
"""A storm of clients through the proxy, against a host that fails in every way it can.

    soak.py --binary BIN --seconds N [--seed S] [--clients N]

At any time: a complete answer is that of its own request, byte for byte; a truncated one never
looks complete; no request is executed twice except after a recovery. At the end: the proxy is
alive, has as many descriptors as at its start, and drains with exit code 0.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import book as books
import clients
import host as hosts
import wire

STUCK = 60  # seconds: no scene takes this long unless something hangs
SETTINGS = {
    "ADMIN_LISTEN": "127.0.0.1:0",
    "LIMITS_REPLAY_BUFFER": "64KiB",
    "LIMITS_REPLAY_BUFFER_TOTAL": "2MiB",
    "RECOVERY_VERIFY_TIMEOUT": "2s",
    "TIMEOUTS_REQUEST_HEAD": "4s",
    "TIMEOUTS_BODY_IDLE": "4s",
    "TIMEOUTS_HOST_IDLE": "1s",
    "LOG_FORMAT": "json",
}
SCENES = {
    "plain": 8,
    "pipeline": 3,
    "upload": 3,
    "slow": 2,
    "old": 2,
    "leaves": 4,
    "malformed": 2,
    "websocket": 2,
    "stalls": 0.3,
}


class proxy:
    def __init__(self, binary, upstream):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SECONDWIND_")}
        env.update({f"SECONDWIND_{k}": v for k, v in SETTINGS.items()})
        self._log = tempfile.TemporaryFile()
        self._seen = 0
        self.child = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--upstream", f"http://127.0.0.1:{upstream}"],
            env=env,
            stdin=subprocess.DEVNULL,
            stderr=self._log,
        )

    def log(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace").splitlines()

    async def port(self):
        while self.child.poll() is None:
            for line in self.log():
                if '"event":"listening"' in line:
                    return int(json.loads(line)["listen"].rsplit(":", 1)[1])
            await asyncio.sleep(0.02)
        raise SystemExit("the proxy did not start:\n" + "\n".join(self.log()))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def memory(self):
        """MiB"""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) // 1024
        return 0

    async def settles_at(self, descriptors):
        """Idle connections close after a while; true if nothing else is left."""
        give_up = time.monotonic() + 20
        while self.descriptors() > descriptors and time.monotonic() < give_up:
            await asyncio.sleep(0.1)
        return self.descriptors() == descriptors

    def faults(self):
        """The problems that sanitizers and the proxy itself report."""
        signs = ("Sanitizer", "runtime error", "session_failed", "terminate called", "assert")
        return [line for line in self.log() if any(sign in line for sign in signs)]


async def one_scene(name, crowd):
    scene = getattr(crowd, name)
    crowd.book.count("scenes")
    peer = None
    try:
        peer = await wire.connect(crowd.port)
        await asyncio.wait_for(scene(peer), STUCK)
    except wire.ended:
        pass
    except wire.broken as e:
        crowd.book.violation(f"{name}: a client was sent {e}")
    except TimeoutError:
        crowd.book.violation(f"{name} hangs")
    finally:
        if peer:
            peer.close()


async def storm(seed, number, book, host, port, until):
    rng = random.Random(seed * 1000 + number)
    crowd = clients.crowd(rng, book, host, port)
    while time.monotonic() < until and len(book.violations) < 20:
        name = rng.choices(list(SCENES), list(SCENES.values()))[0]
        await one_scene(name, crowd)


async def run(options):
    book = books.book()

    def note_failure(_, context):
        error = context.get("exception")
        book.violation(f"the host of the storm failed: {error!r} ({context['message']})")

    asyncio.get_running_loop().set_exception_handler(note_failure)
    host = hosts.host(random.Random(options.seed), book)
    await host.start()
    served = proxy(options.binary, host.port)
    try:
        port = await served.port()
        descriptors, memory = served.descriptors(), served.memory()
        until = time.monotonic() + options.seconds
        failing = asyncio.create_task(host.fail_now_and_then())
        numbers = range(options.clients)
        crowds = [storm(options.seed, n, book, host, port, until) for n in numbers]
        await asyncio.gather(*crowds)
        failing.cancel()
        if served.child.poll() is not None:
            book.violation(f"the proxy died with {served.child.returncode}")
        else:
            await check_end(book, host, served, descriptors)
        grown = f"{memory} -> {book.counts.pop('memory', 0)} MiB"
    finally:
        host.stop()
        served.child.kill()
        served.child.wait()
    for line in served.faults():
        book.violation(line)
    figures = ", ".join(f"{n} {event}" for event, n in sorted(book.counts.items()))
    print(f"seed {options.seed}, {options.seconds} s: {figures}; {grown}; ", end="")
    print(f"{len(book.violations)} violations")
    return book.violations


async def check_end(book, host, served, descriptors):
    settled = await served.settles_at(descriptors)
    if not settled:
        book.violation(f"{descriptors} descriptors became {served.descriptors()}")
    book.counts["memory"] = served.memory()
    served.child.send_signal(signal.SIGTERM)
    try:
        code = await asyncio.to_thread(served.child.wait, 40)
        if code != 0:
            book.violation(f"it ended with {code}")
    except subprocess.TimeoutExpired:
        book.violation("it does not end")
    # A storm without any event proves nothing.
    for event in ("whole answers", "own errors", "cut answers", "recovered", "refused", "tunnels"):
        if not book.counts[event]:
            book.violation(f"there were no {event}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 20))
    parser.add_argument("--clients", type=int, default=24)
    # Half of these scenes are about writes to a peer that has left.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    violations = asyncio.run(run(parser.parse_args()))
    for text in violations:
        print("violation:", text, file=sys.stderr)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
