"""The proxies under test, each started in front of a scripted host and stopped by its process.

Every proxy takes (host_port, setup). The setup "whole" reads a request's body before it is sent
on; "streamed" passes it on as it arrives, in secondwind with a replay buffer of size 0."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

LIMITS = {"head": 16384, "target": 8192, "fields": 100, "body": 4 << 20}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class process:
    ours = False

    def __init__(self, command, env=None):
        self.folder = None
        self.child = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def running(self):
        return self.child.poll() is None

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(3)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stderr.close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def wait_for_port(self):
        deadline = time.monotonic() + 10
        while self.running() and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except ConnectionRefusedError:
                # They do not report when they listen, so there is nothing to wait for.
                time.sleep(0.01)
        output = self.child.stderr.read1() if not self.running() else b""
        self.stop()
        raise RuntimeError(f"{self.child.args[0]} did not start: {output.decode()}")


class secondwind(process):
    ours = True
    binary = None

    def __init__(self, host_port, setup):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SECONDWIND_")}
        for limit, value in LIMITS.items():
            env[f"SECONDWIND_LIMITS_{limit.upper()}"] = str(value)
        env["SECONDWIND_ADMIN_LISTEN"] = "127.0.0.1:0"
        if setup == "streamed":
            env["SECONDWIND_LIMITS_REPLAY_BUFFER"] = "1"
        super().__init__(
            [
                self.binary,
                "--listen",
                "127.0.0.1:0",
                "--log-level",
                "info",
                "--log-format",
                "json",
                "--upstream",
                f"http://127.0.0.1:{host_port}",
            ],
            env,
        )
        for line in self.child.stderr:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event.get("event") == "listening":
                self.port = int(event["listen"].rpartition(":")[2])
                break
        else:
            raise RuntimeError(f"{self.binary} did not listen")
        # The rest of the log is of no interest, and must not block the proxy either.
        self.drain = threading.Thread(target=self.child.stderr.read, daemon=True)
        self.drain.start()

    def stop(self):
        self.child.terminate()
        self.drain.join(3)
        super().stop()


class nginx(process):
    def __init__(self, host_port, setup):
        folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        self.port = free_port()
        config = (Path(__file__).parent / "nginx.conf").read_text()
        buffering = "on" if setup == "whole" else "off"
        for name, value in {
            "FOLDER": folder,
            "PORT": self.port,
            "HOST": host_port,
            "BUFFERING": buffering,
            "BODY": LIMITS["body"],
        }.items():
            config = config.replace(f"@{name}@", str(value))
        (folder / "nginx.conf").write_text(config)
        super().__init__([found("nginx"), "-p", folder, "-c", folder / "nginx.conf"])
        self.folder = folder
        self.wait_for_port()


class haproxy(process):
    def __init__(self, host_port, setup):
        folder = Path(tempfile.mkdtemp(prefix="conformance-"))
        self.port = free_port()
        config = (Path(__file__).parent / "haproxy.cfg").read_text()
        buffering = "option http-buffer-request" if setup == "whole" else ""
        for name, value in {
            "PORT": self.port,
            "HOST": host_port,
            "BUFFERING": buffering,
            "BODY": LIMITS["body"],
        }.items():
            config = config.replace(f"@{name}@", str(value))
        (folder / "haproxy.cfg").write_text(config)
        super().__init__([found("haproxy"), "-db", "-f", folder / "haproxy.cfg"])
        self.folder = folder
        self.wait_for_port()


def found(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


TARGETS = {"secondwind": secondwind, "nginx": nginx, "haproxy": haproxy}
