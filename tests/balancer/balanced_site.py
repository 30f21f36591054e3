"""A site as in config/examples: three hosts, a secondwind for each or two for all, and a balancer.

The balancer runs the example itself; only addresses are replaced. Every site has its own addresses
in 127.0.0.0/8, so that many sites can run at the same time.
"""

import contextlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "binary"))

from harness import PATIENCE, closed_port, lines, process  # noqa: E402
from studio import studio  # noqa: E402

EXAMPLES = ROOT / "config" / "examples"
NAMES = ("a", "b", "c")


def found(program):
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


class secondwind(process):
    def __init__(self, upstreams, address, ports):
        self.address = address
        self.port, self.admin = ports["1235"], ports["9235"]
        super().__init__(
            "--listen",
            f"{address}:{self.port}",
            "--admin",
            f"{address}:{self.admin}",
            *(part for each in upstreams for part in ("--upstream", each)),
            env={"SECONDWIND_HEALTH_INTERVAL": "100ms"},
        )
        self.event("listening")


class balancer:
    """Either program with the example, and its log lines."""

    def __init__(self, command):
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.log = lines(self._child.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._child.terminate()
        self._child.wait(PATIENCE)
        self.log.close()


def haproxy(folder, example):
    config = pathlib.Path(folder, "haproxy.cfg")
    config.write_text(example)
    return balancer([found("haproxy"), "-db", "-f", str(config)])


def nginx(folder, example):
    pathlib.Path(folder, "secondwind.conf").write_text(example)
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # The parts of Debian's nginx.conf around conf.d, for the current user.
    user = "user root;" if os.geteuid() == 0 else ""
    pathlib.Path(folder, "nginx.conf").write_text(
        f"daemon off;\n{user}\nworker_processes 2;\npid {folder}/pid;\nerror_log stderr notice;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}include {folder}/secondwind.conf;\n}}\n"
    )
    return balancer([found("nginx"), "-p", folder, "-c", f"{folder}/nginx.conf"])


# The program, its example, and the secondwinds; two are each in front of all hosts.
PAIR = "haproxy-pair"
KINDS = {
    "haproxy": (haproxy, "haproxy.cfg", NAMES),
    "nginx": (nginx, "nginx.conf", NAMES),
    PAIR: (haproxy, "haproxy-pair.cfg", ("a", "b")),
}


class site(contextlib.ExitStack):
    def __init__(self, kind):
        super().__init__()
        self._kind = kind

    def __enter__(self):
        super().__enter__()
        # If something fails, everything that was started before it is stopped.
        with contextlib.ExitStack() as started:
            self._start(started)
            self.push(started.pop_all())
        return self

    def _start(self, started):
        net = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
        self._ports = {
            number: str(started.enter_context(closed_port("0.0.0.0")))
            for number in ("1235", "9235", "8080", "8404")
        }
        self.hosts = {name: started.enter_context(studio(parallel=16)) for name in NAMES}
        program, example, names = KINDS[self._kind]
        self.proxies = {
            name: started.enter_context(
                secondwind(self._upstreams(name), f"{net}.{number}", self._ports)
            )
            for number, name in enumerate(names, 11)
        }
        self.address = (f"{net}.1", int(self._ports["8080"]))
        folder = started.enter_context(tempfile.TemporaryDirectory(prefix="balancer-"))

        text = (EXAMPLES / example).read_text(encoding="utf-8")
        for before, after in (
            ("192.0.2.", net + "."),
            ("0.0.0.0:8080", f"{net}.1:8080"),
            ("127.0.0.1:8404", f"{net}.1:8404"),
            *((f":{p}", f":{q}") for p, q in self._ports.items()),
            ("check port 9235", f"check port {self._ports['9235']}"),
        ):
            text = text.replace(before, after)
        self.balancer = started.enter_context(program(folder, text))

    def _upstreams(self, proxy):
        if self._kind == PAIR:
            return [f"{name}={host.url}" for name, host in self.hosts.items()]
        return [self.hosts[proxy].url]
