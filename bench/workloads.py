"""The figures: each is a number for one target, from one measurement."""

import json
import subprocess
import time
from dataclasses import dataclass

from machine import DESCRIPTORS, Child, Failed, cpu_ns, rss_kib
from targets import Certificate, Secondwind

MIB = 1 << 20


@dataclass
class Sizes:
    """The amount of work for each figure."""

    requests: int
    events: int  # of each stream
    burst_events: int
    transfers: int
    held: int  # connections
    recoveries: int
    pings: int
    growth_seconds: float


STANDARD = Sizes(10000, 150, 400, 3, 1000, 100, 400, 2.0)
QUICK = Sizes(5000, 60, 200, 2, 1000, 40, 200, 1.0)
SMOKE = Sizes(500, 10, 20, 1, 100, 5, 20, 0.2)

GROWING_CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
GROWING_STREAMS = (1, 8, 64, 512, 2000, 5000)
GROWTH_RATE = 5000  # events a second, of all streams together

# Key, title, unit; whether smaller is better; in the order of the tables.
FIGURES = {
    "request_c1": ("CPU per request, 1 connection", "µs", True),
    "request_c16": ("CPU per request, 16 connections", "µs", True),
    "request_c64": ("CPU per request, 64 connections", "µs", True),
    "event_s64": ("CPU per event, 64 streams", "µs", True),
    "event_s512": ("CPU per event, 512 streams", "µs", True),
    "burst": ("events in a burst, 64 streams", "1/s", False),
    "burst_cpu": ("CPU per event of a burst", "µs", True),
    "up": ("CPU per MB of uploads", "µs", True),
    "down": ("CPU per MB of downloads", "µs", True),
    "request_tls": ("CPU per request over TLS, 16 connections", "µs", True),
    "event_tls": ("CPU per event over TLS, 64 streams", "µs", True),
    "logged": ("CPU per request, 16 connections, log on", "µs", True),
    "latency_c1": ("median latency of a request, 1 connection", "µs", True),
    "ping": ("99th percentile of that latency", "µs", True),
    "ping_beside": ("the same beside a download of 2 GiB", "µs", True),
    "latency_s64": ("median latency of an event, 64 streams", "µs", True),
    "recovery": ("median latency of a recovered request", "µs", True),
    "recovery_floor": ("the same calls made directly", "µs", True),
    "idle": ("RSS per 1,000 idle connections", "MB", True),
    "streams": ("RSS per 1,000 open streams", "MB", True),
    "start": ("start to first answer", "ms", True),
    "rss": ("RSS at the start", "MB", True),
    "binary": ("stripped executable", "MB", True),
}


class Bench:
    """Runs loads against running targets."""

    def __init__(self, tool, host, proxy_cpu, load_cpu, folder):
        self.tool = tool
        self.host = host
        self.proxy_cpu = proxy_cpu
        self.load_cpu = load_cpu
        self.folder = folder

    def open_load(self, port, mode, **numbers):
        command = [self.tool, mode, "--port", str(port)]
        for name, number in numbers.items():
            command += [f"--{name.replace('_', '-')}", str(number)]
        pipe = subprocess.PIPE
        return Child(command, self.load_cpu, self.folder, stdin=pipe, stdout=pipe)

    def load(self, port, mode, **numbers):
        with self.open_load(port, mode, **numbers) as load:
            answer = json.loads(load.line(60))
            load.finish(5)
            return answer

    def start(self, target, logging=False, certificate=None):
        return target.start(self.proxy_cpu, self.host, self.folder, logging, certificate)

    def warm_up(self, target):
        self.load(target.port, "closed", connections=16, n=200)

    def requests(self, target, child, connections, count, tls=0):
        """CPU per request, and its median latency, without opening the connections."""
        numbers = {"connections": connections, "n": count, "wait": 1, "tls": tls}
        with self.open_load(target.port, "closed", **numbers) as load:
            load.line(30)
            before = cpu_ns(child.pids)
            load.tell("\n")
            answer = json.loads(load.line(60))
            used = cpu_ns(child.pids) - before
            load.finish(5)
        return used / 1e3 / count, answer["p50_us"]

    def streams(self, target, child, connections, events, gap_us, tls=0):
        """CPU per event, including the opening of the streams, events per second, and the median
        latency."""
        before = cpu_ns(child.pids)
        numbers = {"connections": connections, "events": events, "gap_us": gap_us, "tls": tls}
        answer = self.load(target.port, "sse", **numbers)
        count = answer["events"]
        used = cpu_ns(child.pids) - before
        return used / 1e3 / count, count / answer["seconds"], answer["p50_us"]

    def transfer(self, target, child, mode, count, size):
        before = cpu_ns(child.pids)
        self.load(target.port, mode, n=count, bytes=size)
        return (cpu_ns(child.pids) - before) / 1e3 / (count * size / 1e6)

    def flowing(self, target, child, connections, seconds):
        """CPU per event of streams that are open already."""
        numbers = {"connections": connections, "rate": GROWTH_RATE}
        with self.open_load(target.port, "open", **numbers) as load:
            load.line(60)
            before, begun = cpu_ns(child.pids), self.count_events(load)
            time.sleep(seconds)
            after, ended = cpu_ns(child.pids), self.count_events(load)
            load.finish(10)
        if ended == begun:
            raise Failed(f"{target.name} passed no event on {connections} streams")
        return (after - before) / 1e3 / (ended - begun)

    @staticmethod
    def count_events(load):
        load.tell("\n")
        return json.loads(load.line(10))["events"]

    def memory(self, target, mode, connections):
        """RSS in MB that 1,000 connections add to a process that has served a few."""
        child, _ = self.start(target)
        with child:
            self.warm_up(target)
            before = rss_kib(child.pids)
            numbers = {"connections": connections}
            if mode == "open":
                numbers["rate"] = connections
            with self.open_load(target.port, mode, **numbers) as load:
                load.line(60)
                grown = rss_kib(child.pids) - before
                load.finish(10)
        return grown * 1024 / 1e6 / connections * 1000


def request_figures(bench, target, child, sizes, into):
    for connections in (1, 16, 64):
        cpu, latency = bench.requests(target, child, connections, sizes.requests)
        into[f"request_c{connections}"] = cpu
        if connections == 1:
            into["latency_c1"] = latency


def stream_figures(bench, target, child, sizes, into):
    cpu, _, latency = bench.streams(target, child, 64, sizes.events, 5000)
    into.update(event_s64=cpu, latency_s64=latency)
    cpu, _, _ = bench.streams(target, child, 512, sizes.events, 20000)
    into.update(event_s512=cpu)
    cpu, rate, _ = bench.streams(target, child, 64, sizes.burst_events, 0)
    into.update(burst=rate, burst_cpu=cpu)


def transfer_figures(bench, target, child, sizes, into):
    into.update(up=bench.transfer(target, child, "up", 2 * sizes.transfers, 8 * MIB))
    into.update(down=bench.transfer(target, child, "down", sizes.transfers, 64 * MIB))


def fairness_figures(bench, target, child, sizes, into):
    """A large answer must not keep the others waiting."""
    numbers = {"connections": 1, "n": sizes.pings}
    into.update(ping=bench.load(target.port, "closed", **numbers)["p99_us"])
    with bench.open_load(target.port, "down", n=1, bytes=2048 * MIB) as download:
        before = cpu_ns(child.pids)
        while cpu_ns(child.pids) - before < 20e6:
            time.sleep(0.005)  # it has not begun yet
        into.update(ping_beside=bench.load(target.port, "closed", **numbers)["p99_us"])
        if download.process.poll() is not None:
            raise Failed(f"a download through {target.name} ended before the requests beside it")


def recovery_figures(bench, target, child, sizes, into):
    if isinstance(target, Secondwind):
        direct = bench.load(bench.host, "recover", n=sizes.recoveries, direct=1)
        through = bench.load(target.port, "recover", n=sizes.recoveries)
        into.update(recovery=through["p50_us"], recovery_floor=direct["p50_us"])


def log_figures(bench, target, _, sizes, into):
    if target.can_log:
        logging, _ = bench.start(target, logging=True)
        with logging:
            bench.warm_up(target)
            cpu, _ = bench.requests(target, logging, 16, sizes.requests)
            into.update(logged=cpu)


def tls_figures(bench, target, _, sizes, into):
    if target.speaks_tls:
        certificate = Certificate(bench.folder)
        child, _ = bench.start(target, certificate=certificate)
        with child:
            bench.load(target.port, "closed", connections=16, n=200, tls=1)
            cpu, _ = bench.requests(target, child, 16, sizes.requests, tls=1)
            into.update(request_tls=cpu)
            cpu, _, _ = bench.streams(target, child, 64, sizes.events, 5000, tls=1)
            into.update(event_tls=cpu)


def memory_figures(bench, target, _, sizes, into):
    into.update(idle=bench.memory(target, "idle", sizes.held))
    into.update(streams=bench.memory(target, "open", sizes.held))


# Each runs for all targets, one after another, before the next begins. Those with their own process
# come last, and do not use the process that serves the others.
SHARED = (
    request_figures,
    stream_figures,
    transfer_figures,
    fairness_figures,
    recovery_figures,
)
ALONE = (log_figures, tls_figures, memory_figures)


def expected(target):
    """The keys of the figures that a target must have."""
    missing = set()
    if not isinstance(target, Secondwind):
        missing |= {"recovery", "recovery_floor"}
    if not target.can_log:
        missing.add("logged")
    if not target.speaks_tls:
        missing |= {"request_tls", "event_tls"}
    return [key for key in FIGURES if key not in missing]


def growing_streams():
    """As many streams as the descriptors allow, two for each."""
    return [count for count in GROWING_STREAMS if 2 * count + 100 <= DESCRIPTORS]
