"""What the benchmark reads from the machine (Linux): CPU time and memory of processes, and a
description of the machine. It also starts processes: on one CPU, with as many descriptors as
allowed, and so that none outlives it."""

import ctypes
import os
import platform
import resource
import selectors
import signal
import socket
import subprocess
import time

DESCRIPTORS = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failed(Exception):
    """A figure could not be measured."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def family(pid):
    """A process and its children: nginx works in a child."""
    found = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if int(read(f"/proc/{name}/stat").rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(name))
            except (OSError, IndexError):
                pass  # it has just ended
    return found


def cpu_ns(pids):
    """CPU time of all their threads, from the scheduler: in /proc/PID/stat a tick is 10 ms.
    It lacks the time of threads that have ended; no proxy here ends one while it works."""
    total = 0
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            total += int(read(f"/proc/{pid}/task/{thread}/schedstat").split()[0])
    return total


def rss_kib(pids):
    total = 0
    for pid in pids:
        for line in read(f"/proc/{pid}/status").splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total


def cpu_model():
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def describe():
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg(),
        "descriptors": DESCRIPTORS,
    }


def version(*command):
    """The first line of a program's version."""
    try:
        said = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return said.strip().split("\n")[0]


class Child:
    """A process of the benchmark. As a context manager it is always stopped at the end."""

    def __init__(self, command, cpu, folder, stdin=subprocess.DEVNULL, stdout=None):
        def settle():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            os.sched_setaffinity(0, {cpu})
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))

        self.command = command
        self.complaints = os.path.join(folder, f"{os.path.basename(command[0])}.err")
        self.pids = []
        with open(self.complaints, "wb") as err:
            self.process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout or err,
                stderr=err,
                preexec_fn=settle,
                start_new_session=True,  # ^C reaches only this program, which then stops the others
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def know_family(self):
        self.pids = family(self.process.pid)

    def said(self):
        return read(self.complaints)[-400:].strip()

    def line(self, seconds):
        """The next line of its output, within that time."""
        end = time.monotonic() + seconds
        text = b""
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while not text.endswith(b"\n"):
                if not ready.select(max(0, end - time.monotonic())):
                    raise Failed(f"{self.name()} said nothing for {seconds} s")
                byte = os.read(self.process.stdout.fileno(), 1)
                if not byte:
                    raise Failed(f"{self.name()} ended: {self.said()}")
                text += byte
        return text.decode()

    def tell(self, text):
        try:
            os.write(self.process.stdin.fileno(), text.encode())
        except OSError as error:
            raise Failed(f"{self.name()} does not listen: {self.said()}") from error

    def finish(self, seconds):
        """Waits until it ends by itself, which must be with success."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name()} did not end within {seconds} s") from error
        if status != 0:
            raise Failed(f"{self.name()} failed: {self.said()}")

    def name(self):
        return " ".join(os.path.basename(word) for word in self.command[:2])

    def stop(self):
        process = self.process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                # It still exists, so its children are still its own.
                for pid in reversed(family(process.pid)):
                    os.kill(pid, signal.SIGKILL)
                process.wait(3)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
