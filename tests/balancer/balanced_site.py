"""A site as in config/examples: three hosts, a secondwind for each, and a balancer in front.

The balancer runs the example itself; only addresses are replaced. Every site has its own addresses
in 127.0.0.0/8, so that many sites can run at the same time.
"""

import contextlib
import json
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

EXAMPLES = ROOT / "config" / "examples"
STAGE = os.environ["SECONDWIND_STAGE"]
NAMES = ("a", "b", "c")


def found(program):
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


class studio:
    """An emulated LM Studio that can hold generations back."""

    def __init__(self):
        self._child = subprocess.Popen(
            [STAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._answers = lines(self._child.stdout)
        self.url = self._answers.until(json.loads)["emulator"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        self._child.stdin.close()
        self._answers.close()

    def tell(self, **command):
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()
        return self._answers.until(json.loads)

    def end(self):
        self._child.kill()
        self._child.wait()


class secondwind(process):
    def __init__(self, host, address, ports):
        self.address = address
        self.admin = ports["9235"]
        super().__init__(
            "--listen",
            f"{address}:{ports['1235']}",
            "--admin",
            f"{address}:{self.admin}",
            "--upstream",
            host.url,
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


def haproxy(folder, replaced):
    config = pathlib.Path(folder, "haproxy.cfg")
    config.write_text(replaced(EXAMPLES / "haproxy.cfg"))
    return balancer([found("haproxy"), "-db", "-f", str(config)])


def nginx(folder, replaced):
    pathlib.Path(folder, "secondwind.conf").write_text(replaced(EXAMPLES / "nginx.conf"))
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


KINDS = {"haproxy": haproxy, "nginx": nginx}


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
        self.hosts = {name: started.enter_context(studio()) for name in NAMES}
        self.proxies = {
            name: started.enter_context(
                secondwind(self.hosts[name], f"{net}.{number}", self._ports)
            )
            for number, name in enumerate(NAMES, 11)
        }
        self.address = (f"{net}.1", int(self._ports["8080"]))
        folder = started.enter_context(tempfile.TemporaryDirectory(prefix="balancer-"))

        def replaced(example):
            text = example.read_text(encoding="utf-8")
            for before, after in (
                ("192.0.2.", net + "."),
                ("0.0.0.0:8080", f"{net}.1:8080"),
                ("127.0.0.1:8404", f"{net}.1:8404"),
                *((f":{p}", f":{q}") for p, q in self._ports.items()),
                ("check port 9235", f"check port {self._ports['9235']}"),
            ):
                text = text.replace(before, after)
            return text

        self.balancer = started.enter_context(KINDS[self._kind](folder, replaced))
