#!/usr/bin/env python3
"""The work with which an executable is trained (scripts/pgo.sh): small requests, streams, uploads,
downloads, recoveries, the exchange log, several hosts and TLS.

    bench/train.py --build build/pgo

It measures nothing. Code that it never runs is optimized for size, so it runs what a busy proxy
does, for about 15 seconds.
"""

import argparse
import glob
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True

import machine
from machine import Child, Failed
from targets import Certificate, Secondwind
from workloads import MIB, Bench

REQUESTS = 3000
EVENTS = 150


class OfSeveralHosts(Secondwind):
    def settings(self, url):
        return {"upstreams": [{"name": name, "url": url} for name in ("one", "two")]}


def everyday(bench, target, logging):
    child, _ = bench.start(target, logging)
    with child:
        for connections in (1, 16, 64):
            bench.load(target.port, "closed", connections=connections, n=REQUESTS)
        for connections, events, gap_us in ((64, EVENTS, 3000), (512, EVENTS // 5, 20000)):
            bench.load(target.port, "sse", connections=connections, events=events, gap_us=gap_us)
        bench.load(target.port, "sse", connections=64, events=EVENTS, gap_us=0)
        bench.load(target.port, "up", n=4, bytes=8 * MIB)
        bench.load(target.port, "down", n=2, bytes=32 * MIB)
        bench.load(target.port, "recover", n=100)


def several_hosts(bench, executable):
    target = OfSeveralHosts("secondwind", executable)
    child, _ = bench.start(target)
    with child:
        bench.load(target.port, "closed", connections=16, n=REQUESTS)
        bench.load(target.port, "sse", connections=64, events=EVENTS // 3, gap_us=3000)


def over_tls(bench, executable):
    target = Secondwind("secondwind", executable)
    child, _ = bench.start(target, certificate=Certificate(bench.folder))
    with child:
        bench.load(target.port, "closed", connections=16, n=REQUESTS, tls=1)
        bench.load(target.port, "sse", connections=64, events=EVENTS // 3, gap_us=3000, tls=1)


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--build", required=True, metavar="DIR", help="of the preset pgo-train")
    build = os.path.abspath(arguments.parse_args().build)
    tools = os.path.join(build, "bench")
    executable = os.path.join(build, "src", "secondwind")
    cpu = min(os.sched_getaffinity(0))
    folder = tempfile.mkdtemp(prefix="secondwind-train-")
    try:
        port = machine.free_port()
        with Child([os.path.join(tools, "bench_backend"), "--port", str(port)], cpu, folder):
            bench = Bench(os.path.join(tools, "bench_load"), port, cpu, cpu, folder)
            for logging in (False, True):
                everyday(bench, Secondwind("secondwind", executable), logging)
            several_hosts(bench, executable)
            over_tls(bench, executable)
    except Failed as failure:
        return str(failure)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not glob.glob(os.path.join(build, "src", "**", "*.gcda"), recursive=True):
        return f"no profile was written: is {executable} built with the preset pgo-train?"
    return 0


if __name__ == "__main__":
    sys.exit(main())
