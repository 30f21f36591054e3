"""As a service: notifications to systemd, and the sockets that it passes. The test takes the
place of systemd, with a socket to be notified at and descriptors to inherit."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from harness import BINARY, PATIENCE, ask, client, clean_environment, host, lines, port_of, process

ANSWER = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

# As systemd does it: the descriptors at 3 and on, and the process's own number in the environment.
LAUNCH = """
import os, sys
for place, descriptor in enumerate(map(int, sys.argv[1].split(",") if sys.argv[1] else ())):
    os.dup2(descriptor, 3 + place)
    os.environ["LISTEN_FDS"] = str(place + 1)
os.environ["LISTEN_PID"] = os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class manager:
    """Receives the notifications of a service."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = str(Path(self._folder.name, "notify"))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._folder.cleanup()

    def next(self, patience=PATIENCE):
        """The next message, as a dictionary."""
        self._socket.settimeout(patience)
        message = self._socket.recv(65536).decode()
        return dict(line.split("=", 1) for line in message.splitlines())

    def forget(self):
        """Drops what has arrived so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.next(0)


class service(process):
    def __init__(self, *arguments, env=None, sockets=()):
        # Out of the way of the places where they belong.
        passed = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in sockets]
        listed = ",".join(map(str, passed))
        self._child = subprocess.Popen(
            [sys.executable, "-S", "-c", LAUNCH, listed, BINARY, *arguments],
            env=clean_environment({"SECONDWIND_ADMIN_LISTEN": "127.0.0.1:0", **(env or {})}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=passed,
        )
        for each in passed:
            os.close(each)
        self.output = lines(self._child.stdout)
        self.errors = lines(self._child.stderr)

    def stop(self):
        """Returns once it does not run any more, but for a SIGCONT."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._child.pid, os.WSTOPPED | os.WNOWAIT)


class service_test(unittest.TestCase):
    def setUp(self):
        self.manager = self.enterContext(manager())
        self.host = self.enterContext(host())

    def serving(self, *arguments, env=None, sockets=()):
        told = {"NOTIFY_SOCKET": self.manager.path, **(env or {})}
        arguments = ("--upstream", self.host.url, *arguments)
        return self.enterContext(service(*arguments, env=told, sockets=sockets))

    def listener(self, address="127.0.0.1", family=socket.AF_INET, **options):
        return self.enterContext(socket.create_server((address, 0), family=family, **options))


class notification(service_test):
    def test_it_is_ready_once_its_listeners_are(self):
        proxy = self.serving("--listen", "127.0.0.1:0")
        told = self.manager.next()
        self.assertEqual(told["READY"], "1")
        at = proxy.event("listening")["listen"]
        self.assertEqual(told["STATUS"], f"Serving 1 host on {at}")
        socket.create_connection(("127.0.0.1", port_of(at)), PATIENCE).close()

    def test_it_notifies_nothing_if_it_cannot_listen(self):
        taken = self.listener()
        proxy = self.serving("--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(proxy.wait(), 1)
        with self.assertRaises(BlockingIOError):
            self.manager.next(0)

    def test_a_reload_begins_and_ends(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "secondwind.json")
            file.write_text("{}")
            proxy = self.serving("-c", str(file), "--listen", "127.0.0.1:0")
            ready = self.manager.next()
            for text, refused in (("{", True), ('{"limits": {"body": 9}}', False)):
                file.write_text(text)
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                proxy.signal(signal.SIGHUP)
                began, ended = self.manager.next(), self.manager.next()
                after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                self.assertEqual(began["RELOADING"], "1")
                self.assertTrue(before <= int(began["MONOTONIC_USEC"]) <= after)
                self.assertEqual(ended["READY"], "1")
                self.assertTrue(ended["STATUS"].startswith(ready["STATUS"]))
                self.assertEqual("the last reload failed" in ended["STATUS"], refused)

    def test_a_drain_extends_the_stop_timeout(self):
        proxy = self.serving("--listen", "127.0.0.1:0", env={"SECONDWIND_TIMEOUTS_DRAIN": "10m"})
        self.manager.next()
        with client(port_of(proxy.event("listening")["listen"])) as app:
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            peer, _ = self.host.take()
            proxy.signal()
            told = self.manager.next()
            self.assertEqual(told["STOPPING"], "1")
            self.assertEqual(told["STATUS"], "Draining 1 connection")
            self.assertEqual(int(told["EXTEND_TIMEOUT_USEC"]), 605_000_000)
            peer.sendall(ANSWER)
            app.until(b"ok")
        self.assertEqual(proxy.wait(), 0)

    def test_a_drain_of_zero_ends_at_once(self):
        proxy = self.serving("--listen", "127.0.0.1:0", env={"SECONDWIND_TIMEOUTS_DRAIN": "0"})
        self.manager.next()
        with client(port_of(proxy.event("listening")["listen"])) as app:
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            self.host.take()
            proxy.signal()
            proxy.event("forced_stop")
            self.assertEqual(proxy.wait(), 0)

    def test_it_gives_signs_of_life_while_it_runs(self):
        proxy = self.serving("--listen", "127.0.0.1:0", env={"WATCHDOG_USEC": "100000"})
        self.assertEqual(self.manager.next()["READY"], "1")
        for _ in range(3):
            self.assertEqual(self.manager.next(), {"WATCHDOG": "1"})
        proxy.stop()
        self.manager.forget()
        with self.assertRaises(TimeoutError):
            self.manager.next(0.3)
        proxy.signal(signal.SIGCONT)
        self.assertEqual(self.manager.next(), {"WATCHDOG": "1"})

    def test_it_gives_none_where_another_process_is_asked_for_them(self):
        # The launcher names this process; the manager has named its parent.
        with process(
            "--listen",
            "127.0.0.1:0",
            env={
                "NOTIFY_SOCKET": self.manager.path,
                "WATCHDOG_USEC": "2000",
                "WATCHDOG_PID": str(os.getpid()),
            },
        ) as proxy:
            self.assertEqual(self.manager.next()["READY"], "1")
            at = port_of(proxy.event("listening")["listen"])
            # Not one comes between what is ready and the next thing that it says.
            socket.create_connection(("127.0.0.1", at), PATIENCE).close()
            proxy.signal(signal.SIGHUP)
            self.assertIn("RELOADING", self.manager.next())


class activation(service_test):
    def get(self, at):
        with client(at) as app:
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            peer, _ = self.host.take()
            peer.sendall(ANSWER)
            return app.until(b"ok")

    def test_a_client_that_came_before_it_is_served(self):
        passed = self.listener()
        address, port = passed.getsockname()
        with client(port) as app:
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            proxy = self.serving("--listen", f"{address}:{port}", sockets=[passed])
            peer, _ = self.host.take()
            peer.sendall(ANSWER)
            self.assertTrue(app.until(b"ok").startswith(b"HTTP/1.1 200 "))
        self.assertEqual(proxy.event("listening")["listen"], f"{address}:{port}")

    def test_the_next_process_serves_those_who_come_while_there_is_none(self):
        passed = self.listener()
        at = "127.0.0.1:%d" % passed.getsockname()[1]
        first = self.serving("--listen", at, sockets=[passed])
        self.assertTrue(self.get(port_of(at)))
        first.signal()
        self.assertEqual(first.wait(), 0)
        with client(port_of(at)) as app:
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            self.serving("--listen", at, sockets=[passed])
            peer, _ = self.host.take()
            peer.sendall(ANSWER)
            app.until(b"ok")

    def test_those_who_come_during_a_drain_are_left_to_the_next_process(self):
        passed = self.listener()
        at = "127.0.0.1:%d" % passed.getsockname()[1]
        first = self.serving("--listen", at, sockets=[passed])
        with client(port_of(at)) as streaming:
            streaming.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            peer, _ = self.host.take()
            first.signal()
            first.event("draining")
            with client(port_of(at)) as later:
                later.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
                peer.sendall(ANSWER)
                self.assertTrue(streaming.until(b"ok").startswith(b"HTTP/1.1 200 "))
                self.assertEqual(first.wait(), 0)
                self.serving("--listen", at, sockets=[passed])
                peer, _ = self.host.take()
                peer.sendall(ANSWER)
                self.assertTrue(later.until(b"ok").startswith(b"HTTP/1.1 200 "))

    def test_each_listener_gets_its_own(self):
        passed, for_admin = self.listener(), self.listener()
        at, admin = ("127.0.0.1:%d" % each.getsockname()[1] for each in (passed, for_admin))
        # Not in the order of the configuration.
        proxy = self.serving("--listen", at, "--admin", admin, sockets=[for_admin, passed])
        self.assertEqual(proxy.event("admin_listening")["listen"], admin)
        proxy.event("listening")
        self.assertEqual(ask(port_of(admin), "GET", "/livez")[0], 200)
        self.assertTrue(self.get(port_of(at)))

    @unittest.skipUnless(socket.has_dualstack_ipv6(), "there is no IPv6 here")
    def test_one_of_all_addresses_is_the_one_of_all_of_ipv4(self):
        passed = self.listener("::", socket.AF_INET6, dualstack_ipv6=True)
        port = passed.getsockname()[1]
        proxy = self.serving("--listen", f"0.0.0.0:{port}", sockets=[passed])
        self.assertEqual(proxy.event("listening")["listen"], f"[::]:{port}")
        self.assertTrue(self.get(port))

    def test_what_no_listener_has_is_told(self):
        passed = self.listener()
        at = "127.0.0.1:%d" % passed.getsockname()[1]
        a_client = socket.create_connection(passed.getsockname())
        with a_client:
            proxy = self.serving("--listen", "127.0.0.1:0", sockets=[passed, a_client])
            told = proxy.event("socket_unclaimed")
            self.assertEqual((told["level"], told["listen"]), ("warn", at))
            self.assertIn("ListenStream", told["advice"])
            self.assertEqual(proxy.event("socket_unusable")["count"], 1)
            proxy.event("listening")

    def test_it_stays_over_a_reload(self):
        passed = self.listener()
        at = "127.0.0.1:%d" % passed.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "secondwind.json")
            file.write_text("{}")
            proxy = self.serving("-c", str(file), "--listen", at, sockets=[passed])
            self.assertTrue(self.get(port_of(at)))
            for n in range(3):
                file.write_text('{"limits": {"body": %d}}' % (n + 9))
                proxy.signal(signal.SIGHUP)
                proxy.event("config_reloaded")
                self.assertTrue(self.get(port_of(at)))


if __name__ == "__main__":
    unittest.main()
