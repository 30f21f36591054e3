#!/usr/bin/env python3
"""Compares secondwind with nginx, HAProxy and a bare relay, on loopback, in rounds that alternate
between them. README.md explains the figures.

    bench/compare.py                            the table, in a few minutes
    bench/compare.py --quick                    the same in less than a minute, with more noise
    bench/compare.py --growth --json out.json   how the costs grow with connections and streams
    bench/compare.py --secondwind old=/tmp/old --secondwind new=build/bench/src/secondwind
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import machine
import report
import targets
import workloads
from machine import Child, Failed
from workloads import Bench

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLS = ("bench_backend", "bench_load", "bench_floor")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--secondwind", action="append", metavar="[NAME=]PATH", default=[],
        help="an executable to measure instead of the build's; may be repeated",
    )
    parser.add_argument("--build", metavar="DIR", help="take the tools from this build directory")
    parser.add_argument("--rounds", type=int, help="5, or 2 with --quick, or 3 with --growth")
    parser.add_argument("--json", metavar="FILE", help="keep everything that was measured")
    parser.add_argument("--cpu", type=int, default=0, help="the CPU to run on")
    parser.add_argument("--split", action="store_true", help="the load runs on the last CPU")
    parser.add_argument("--growth", action="store_true", help="measure how costs grow, only")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="smaller samples, fewer rounds")
    size.add_argument("--smoke", action="store_true", help="only see that all can be measured")
    return parser.parse_args()


def build():
    """Builds secondwind and the tools of the benchmark, and returns the directory."""
    subprocess.run(["cmake", "--preset", "bench"], cwd=ROOT, check=True, stdout=sys.stderr)
    command = ["cmake", "--build", "--preset", "bench", "--target", "secondwind", *TOOLS]
    subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    return os.path.join(ROOT, "build", "bench")


def named(given, directory):
    """The executables given, as (name, path)."""
    if not given:
        return [("secondwind", os.path.join(directory, "src", "secondwind"))]
    pairs = []
    for i, text in enumerate(given):
        name, equals, path = text.rpartition("=")
        pairs.append((name if equals else "secondwind" + (str(i + 1) if i else ""), path))
    return pairs


def turned(items, by):
    """The list rotated: each round begins with another target."""
    by %= len(items)
    return items[by:] + items[:by]


def one_round(bench, chosen, order, sizes):
    """{target: {figure: value}}"""
    figures = {target.name: {} for target in chosen}
    with contextlib.ExitStack() as running:
        children = {}
        for target in order:
            child, elapsed = bench.start(target)
            children[target] = running.enter_context(child)
            rss = machine.rss_kib(child.pids) * 1024 / 1e6
            size = target.stripped_size(bench.folder) / 1e6
            figures[target.name] |= {"start": elapsed, "rss": rss, "binary": size}
            bench.warm_up(target)
        for take in workloads.SHARED:
            for target in order:
                take(bench, target, children[target], sizes, figures[target.name])
    for take in workloads.ALONE:
        for target in order:
            take(bench, target, None, sizes, figures[target.name])
    return figures


def one_growth_round(bench, order, sizes, smoke):
    """{"requests"|"streams": {count: {target: µs}}}"""
    connections = (1, 8) if smoke else workloads.GROWING_CONNECTIONS
    streams = (1, 8) if smoke else workloads.growing_streams()
    grown = {"requests": {}, "streams": {}}
    with contextlib.ExitStack() as running:
        children = {}
        for target in order:
            child, _ = bench.start(target)
            children[target] = running.enter_context(child)
            bench.warm_up(target)
        for count in connections:
            row = grown["requests"][count] = {}
            for target in order:
                cpu, _ = bench.requests(target, children[target], count, sizes.requests)
                row[target.name] = cpu
    for count in streams:
        row = grown["streams"][count] = {}
        for target in order:
            # A new process each time, without the traces of thousands of earlier streams.
            child, _ = bench.start(target)
            with child:
                bench.warm_up(target)
                row[target.name] = bench.flowing(target, child, count, sizes.growth_seconds)
    return grown


def missing_figures(rounds, chosen):
    return [
        f"{target.name}: {key}"
        for target in chosen
        for key in workloads.expected(target)
        if not all(key in one[target.name] for one in rounds)
    ]


def measure(given, directory, folder):
    sizes = (
        workloads.SMOKE if given.smoke else workloads.QUICK if given.quick else workloads.STANDARD
    )
    count = given.rounds or (1 if given.smoke else 2 if given.quick else 3 if given.growth else 5)
    tool = {name: os.path.join(directory, "bench", name) for name in TOOLS}
    chosen = targets.choose(named(given.secondwind, directory), os.path.join(directory, "bench"))
    cpus = sorted(os.sched_getaffinity(0))
    load_cpu = cpus[-1] if given.split else given.cpu
    others = set(cpus) - {given.cpu, load_cpu}
    os.sched_setaffinity(0, others or set(cpus))  # this program must not disturb the others

    kept = machine.describe()
    kept["placement"] = {"proxy": given.cpu, "load": load_cpu}
    kept["versions"] = {target.name: target.version() for target in chosen}
    names = [target.name for target in chosen]
    port = machine.free_port()
    host = Child([tool["bench_backend"], "--port", str(port)], load_cpu, folder)
    with host:
        bench = Bench(tool["bench_load"], port, given.cpu, load_cpu, folder)
        rounds = []
        for i in range(count):
            begin = time.monotonic()
            order = turned(chosen, i)
            if given.growth:
                rounds.append(one_growth_round(bench, order, sizes, given.smoke))
            else:
                rounds.append(one_round(bench, chosen, order, sizes))
            took = time.monotonic() - begin
            print(f"round {i + 1} of {count}: {took:.0f} s", file=sys.stderr, flush=True)
    kept["rounds"] = rounds
    if given.growth:
        kept["growth"] = report.print_growth(rounds, names)
    else:
        bases = [name for name in ("nginx", "haproxy", "floor") if name in names]
        kept["figures"] = report.print_figures(rounds, names, bases)
        missing = missing_figures(rounds, chosen)
        if missing:
            raise Failed("not measured: " + ", ".join(missing))
    return kept


def main():
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = os.path.abspath(given.build) if given.build else build()
    folder = tempfile.mkdtemp(prefix="secondwind-bench-")
    try:
        kept = measure(given, directory, folder)
        if given.json:
            with open(given.json, "w", encoding="utf-8") as file:
                json.dump(kept, file, indent=1)
                file.write("\n")
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
