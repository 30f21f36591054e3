#!/usr/bin/env python3
"""The work with which an executable is trained (scripts/pgo.sh): small requests, streams, uploads,
downloads, recoveries, the exchange log, several hosts and TLS.

    bench/train.py --build build/pgo

It measures nothing. Code that it never runs is optimized for size, so it runs what a busy proxy
does, for about 15 seconds.
"""

import argparse
import glob
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import machine
from machine import Child, Failed
from targets import Secondwind
from workloads import MIB, Bench

REQUESTS = 3000
EVENTS = 150


class Configured(Secondwind):
    """With settings of a file, which are made of the host's URL."""

    def __init__(self, executable, settings):
        super().__init__("secondwind", executable)
        self.settings = settings

    def command(self, folder, host, logging):
        path = os.path.join(folder, "secondwind.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.settings(f"http://127.0.0.1:{host}"), file)
        listen = f"127.0.0.1:{self.port}"
        return [self.executable, "-c", path, "--listen", listen, "--log-level", "off"]


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
    def settings(url):
        return {"upstreams": [{"name": name, "url": url} for name in ("one", "two")]}

    target = Configured(executable, settings)
    child, _ = bench.start(target)
    with child:
        bench.load(target.port, "closed", connections=16, n=REQUESTS)
        bench.load(target.port, "sse", connections=64, events=EVENTS // 3, gap_us=3000)


class Secure(Configured):
    def connection(self):
        anyone = ssl.create_default_context()
        anyone.check_hostname = False
        anyone.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=anyone)

    def answers(self):
        try:
            self.ask(self.connection(), "bench-json-64")
            return True
        except (OSError, http.client.HTTPException):
            return False

    @staticmethod
    def ask(connection, model):
        messages = [{"role": "user", "content": "q" * 900}]
        # The host looks for the model as most clients write it: without spaces.
        body = json.dumps({"model": model, "messages": messages}, separators=(",", ":"))
        headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        if answer.status != 200 or not answer.read():
            raise Failed(f"{model} was answered with {answer.status}")


def over_tls(bench, executable, folder):
    certificate, key = (os.path.join(folder, name) for name in ("certificate.pem", "key.pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=30,
    )

    def settings(url):
        return {
            "upstreams": [{"name": "host", "url": url}],
            "tls": {"certificate_file": certificate, "key_file": key},
        }

    target = Secure(executable, settings)
    child, _ = bench.start(target)
    with child:
        for _ in range(20):
            connection = target.connection()
            for _ in range(REQUESTS // 60):
                target.ask(connection, "bench-json-1024")
            target.ask(connection, f"bench-sse-{EVENTS}-200-0")
            connection.close()


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
            over_tls(bench, executable, folder)
    except Failed as failure:
        return str(failure)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not glob.glob(os.path.join(build, "src", "**", "*.gcda"), recursive=True):
        return f"no profile was written: is {executable} built with the preset pgo-train?"
    return 0


if __name__ == "__main__":
    sys.exit(main())
