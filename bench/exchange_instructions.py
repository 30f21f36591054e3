#!/usr/bin/env python3
"""Counts the instructions that each proxy needs for a whole request and for an event of a stream.

    bench/exchange_instructions.py [--tls] [--build build/bench] [--secondwind [NAME=]PATH]...

Each figure is the difference of two runs under Valgrind's callgrind with different amounts of work,
so the start of the program cancels out. The kernel's part is not counted. Events come slowly
enough for the program under Valgrind to pass each of them on by itself; requests come as fast as
they are answered, so how many are served in one turn of the event loop varies a little.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import compare
import machine
import targets
from machine import Child, Failed
from targets import Certificate, Nginx, Secondwind
from workloads import Bench

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONNECTIONS, FEW, MANY = 4, 500, 2500
STREAMS, FEW_EVENTS, MANY_EVENTS, GAP_US = 64, 20, 60, 50000


class ToFirstOfFour(Secondwind):
    routing = "host"

    def settings(self, url):
        names = ("one", "two", "three", "four")
        upstreams = [{"name": name, "url": url} for name in names]
        return {"upstreams": upstreams, "routing": {"mode": self.routing}}


class ToCheapestOfFour(ToFirstOfFour):
    routing = "model"


def counted(target):
    """The same program under callgrind."""

    class Counted(type(target)):
        def command(self, folder, host, logging):
            command = super().command(folder, host, logging)
            begin = []
            if isinstance(self, Nginx):  # its other process has another user, who writes no result
                command += ["-g", "master_process off;"]
            if logging:  # to a pipe that is read all the time
                command = command[: command.index("--log-file")]
                begin = ["bash", "-c", 'exec "$@" 2> >(exec cat >/dev/null)', "bash"]
            return begin + [
                "valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out",
                f"--log-file={folder}/valgrind.log", *command,
            ]

    return Counted(target.name, target.executable)


class Counter:
    """Of one program, over TLS if there is a certificate."""

    def __init__(self, bench, target, certificate):
        self.bench = bench
        self.target = counted(target)
        self.certificate = certificate

    def collected(self, mode=None, logging=False, **numbers):
        """The instructions of a process that serves this load."""
        child, _ = self.bench.start(self.target, logging, self.certificate)
        tls = 1 if self.certificate else 0
        with child:
            self.bench.load(self.target.port, "closed", connections=CONNECTIONS, n=100, tls=tls)
            if mode:
                self.bench.load(self.target.port, mode, tls=tls, **numbers)
        total = 0
        for path in glob.glob(os.path.join(self.bench.folder, "*", "valgrind.log")):
            total += sum(int(n) for n in re.findall(r"Collected : (\d+)", machine.read(path)))
            os.remove(path)
        if total == 0:
            raise Failed(f"callgrind counted nothing of {self.target.name}")
        return total

    def request(self, logging=False):
        few, many = (
            self.collected("closed", logging, connections=CONNECTIONS, n=n) for n in (FEW, MANY)
        )
        return (many - few) / (MANY - FEW)

    def streams(self):
        """Of an event, and of all that opens and closes a stream."""
        none = self.collected()
        few, many = (
            self.collected("sse", connections=STREAMS, events=n, gap_us=GAP_US)
            for n in (FEW_EVENTS, MANY_EVENTS)
        )
        event = (many - few) / (MANY_EVENTS - FEW_EVENTS) / STREAMS
        return event, (few - none) / STREAMS - FEW_EVENTS * event


def show(name, part, figure):
    print(f"{name:12} {part:36} {figure:12,.0f}", flush=True)


def count(bench, target, certificate):
    one = Counter(bench, target, certificate)
    show(target.name, "request", one.request())
    if isinstance(target, Secondwind) and not certificate:
        show(target.name, "request, with its line in the log", one.request(logging=True))
        for of, part in (
            (ToFirstOfFour, "request, to the first of four hosts"),
            (ToCheapestOfFour, "request, to the cheapest of four"),
        ):
            routed = Counter(bench, of(target.name, target.executable), certificate)
            show(target.name, part, routed.request())
    event, opening = one.streams()
    show(target.name, "event", event)
    show(target.name, "opening and end of a stream", opening)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--build", metavar="DIR", default=os.path.join(ROOT, "build", "bench"))
    parser.add_argument("--secondwind", action="append", metavar="[NAME=]PATH", default=[],
                        help="an executable to count instead of the build's; may be repeated")
    parser.add_argument("--tls", action="store_true", help="the clients speak TLS")
    parser.add_argument("--alone", action="store_true", help="count no other proxies")
    given = parser.parse_args()
    build = os.path.abspath(given.build)
    tools = os.path.join(build, "bench")
    chosen = targets.choose(compare.named(given.secondwind, build), tools)[:-1]
    cpu = min(os.sched_getaffinity(0))
    folder = tempfile.mkdtemp(prefix="secondwind-count-")
    try:
        certificate = Certificate(folder) if given.tls else None
        port = machine.free_port()
        with Child([os.path.join(tools, "bench_backend"), "--port", str(port)], cpu, folder):
            bench = Bench(os.path.join(tools, "bench_load"), port, cpu, cpu, folder)
            for target in chosen:
                if isinstance(target, Secondwind) or not given.alone:
                    count(bench, target, certificate)
    except (Failed, subprocess.SubprocessError) as failure:
        return str(failure)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
