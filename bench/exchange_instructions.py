#!/usr/bin/env python3
"""Counts the instructions that secondwind needs for a whole request and for an event of a stream.

    bench/exchange_instructions.py [--build build/bench] [--secondwind PATH]

Each row is the difference of two runs under Valgrind's callgrind with different amounts of work,
so the start of the program cancels out. The kernel's part is not counted. Events come slowly
enough for the program under Valgrind to pass each of them on by itself; requests come as fast as
they are answered, so how many are served in one turn of the event loop varies a little.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import machine
from machine import Child, Failed
from targets import Secondwind
from workloads import Bench

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONNECTIONS, FEW, MANY = 4, 500, 2500
STREAMS, FEW_EVENTS, MANY_EVENTS, GAP_US = 64, 20, 60, 50000


class Counted(Secondwind):
    """Under callgrind; the log goes to a pipe that is read all the time."""

    def command(self, folder, host, logging):
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out",
                   f"--log-file={folder}/valgrind.log", self.executable,
                   "--listen", f"127.0.0.1:{self.port}", "--upstream", f"http://127.0.0.1:{host}"]
        if not logging:
            return command + ["--log-level", "off"]
        command += ["--log-level", "info", "--log-format", "json"]
        return ["bash", "-c", 'exec "$@" 2> >(exec cat >/dev/null)', "bash", *command]


def collected(bench, executable, logging, mode=None, **numbers):
    """The instructions of a process that serves this load."""
    target = Counted("secondwind", executable)
    child, _ = bench.start(target, logging)
    with child:
        bench.load(target.port, "closed", connections=CONNECTIONS, n=100)
        if mode:
            bench.load(target.port, mode, **numbers)
    for entry in os.scandir(bench.folder):
        path = os.path.join(entry.path, "valgrind.log")
        if os.path.exists(path):
            found = re.search(r"Collected : (\d+)", machine.read(path))
            shutil.rmtree(entry.path)
            if found:
                return int(found[1])
    raise Failed("callgrind counted nothing")


def of_a_request(bench, executable, logging):
    few, many = (
        collected(bench, executable, logging, "closed", connections=CONNECTIONS, n=n)
        for n in (FEW, MANY)
    )
    return (many - few) / (MANY - FEW)


def of_streams(bench, executable):
    """Of an event, and of all that opens and closes a stream."""
    none = collected(bench, executable, False)
    few, many = (
        collected(bench, executable, False, "sse", connections=STREAMS, events=n, gap_us=GAP_US)
        for n in (FEW_EVENTS, MANY_EVENTS)
    )
    event = (many - few) / (MANY_EVENTS - FEW_EVENTS) / STREAMS
    return event, (few - none) / STREAMS - FEW_EVENTS * event


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", metavar="DIR", default=os.path.join(ROOT, "build", "bench"))
    parser.add_argument("--secondwind", metavar="PATH", help="instead of the build's executable")
    given = parser.parse_args()
    build = os.path.abspath(given.build)
    executable = os.path.abspath(given.secondwind or os.path.join(build, "src", "secondwind"))
    tools = os.path.join(build, "bench")
    cpu = min(os.sched_getaffinity(0))
    folder = tempfile.mkdtemp(prefix="secondwind-count-")
    try:
        port = machine.free_port()
        with Child([os.path.join(tools, "bench_backend"), "--port", str(port)], cpu, folder):
            bench = Bench(os.path.join(tools, "bench_load"), port, cpu, cpu, folder)
            for logging, name in ((False, "request"), (True, "request with its line in the log")):
                print(f"{name}: {of_a_request(bench, executable, logging):,.0f}", flush=True)
            event, opening = of_streams(bench, executable)
            print(f"event: {event:,.0f}\nopening and end of a stream: {opening:,.0f}")
    except (Failed, subprocess.SubprocessError) as failure:
        return str(failure)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
