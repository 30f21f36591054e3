"""What the commands of one page run against: a directory that looks like the project and like a
machine on which secondwind is installed, and an emulated LM Studio with the proxy in front."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

from pages import ROOT

sys.path.insert(0, str(ROOT / "tests" / "binary"))
from harness import BINARY, PATIENCE, clean_environment, closed_port, process  # noqa: E402  (it needs the path above)

# Where the package puts its files, and which directory of the stage plays that.
PLACES = ("/etc/secondwind", "/var/lib/secondwind", "/var/log/secondwind")
BUILDS = ("build/release/src", "build/asan/src")
PORT = re.compile(r"(?<=[\d\]a-z]):(123\d|124\d|9235)\b")
NUMBERED_ADDRESS = re.compile(r"\b192\.0\.2\.\d+\b")  # RFC 5737: documentation
HOST = 1234


class stage:
    """One page's. `own` is true where the page starts a proxy of its own in the background: then
    its ports are free ones, else those of the demo. `installed`: the shell finds secondwind without
    being told where it is. `emulates`: the page starts an emulated LM Studio of its own."""

    def __init__(self, directory, own, installed, emulates=False):
        self.root = pathlib.Path(directory)
        self._own = own
        self._installed = installed
        self._path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        self._ports = {}
        self._running = contextlib.ExitStack()
        if emulates:  # the page starts the host itself
            self._ports[HOST] = self._running.enter_context(closed_port())
        self._dress()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._running.close()

    def _dress(self):
        # Copies, so that no command writes into the project.
        for name in ("config", "docker"):
            shutil.copytree(ROOT / name, self.root / name, ignore=shutil.ignore_patterns("secrets"))
        (self.root / "bin").mkdir()
        for folder in ("bin", *BUILDS) if self._installed else BUILDS:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            (self.root / folder / "secondwind").symlink_to(BINARY)
        # Here nobody needs to be root.
        sudo = self.root / "bin" / "sudo"
        sudo.write_text('#!/bin/sh\nexec "$@"\n')
        sudo.chmod(0o755)
        for place in PLACES:
            (self.root / place[1:]).mkdir(parents=True)
        etc = self.root / "etc" / "secondwind"
        shutil.copy(ROOT / "config" / "secondwind.json", etc)
        for secret in ("admin-token", "token"):
            (etc / secret).write_text("a-token-of-32-characters-or-more\n")
            (etc / secret).chmod(0o600)
        # The CA of a host, which the configuration that names it loads.
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
                *("ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=test CA"),
                *("-keyout", str(etc / "ca.key"), "-out", str(etc / "ca.crt")),
            ],
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )

    def _demonstrate(self):
        told = self._running.enter_context(
            process("demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
        )
        host = told.output.until(lambda line: re.search(r"memory listens on \S+:(\d+),", line))
        proxy = told.output.until(lambda line: re.search(r"Point an app at \S+:(\d+)/v1", line))
        admin = told.output.until(lambda line: re.fullmatch(r"Dashboard: \S+:(\d+)/", line))
        self._ports[HOST] = int(host[1])
        if not self._own:
            self._ports |= {1235: int(proxy[1]), 9235: int(admin[1])}

    def port(self, number):
        """The port that plays the one of the page."""
        if HOST not in self._ports:
            self._demonstrate()
        if number not in self._ports:
            self._ports[number] = self._running.enter_context(closed_port())
        return self._ports[number]

    def staged(self, text):
        """A text of the page with the stage's ports and places in it."""
        text = NUMBERED_ADDRESS.sub("127.0.0.1", text)
        text = PORT.sub(lambda found: f":{self.port(int(found[1]))}", text)
        for place in PLACES:
            text = re.sub(rf"(?<![\w.]){place}\b", str(self.root / place[1:]), text)
        return text

    def environment(self):
        """That of a shell."""
        return clean_environment({"PATH": self._path, "HOME": str(self.root)})

    def export(self, command):
        """Runs an `export` in that shell."""
        told = subprocess.run(
            ["bash", "-euc", f'{command}\nprintf %s "$PATH"'],
            env=self.environment(),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        self._path = told.stdout

    def finds(self, program):
        """Whether that shell finds a program."""
        return shutil.which(str(self.root / program) if "/" in program else program, path=self._path)
