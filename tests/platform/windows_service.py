"""secondwind as a service of Windows, told under Wine."""

import contextlib
import pathlib
import re
import socket
import subprocess
import time
import unittest

import wine
from harness import PATIENCE, host, run
from story import free_port, in_a_folder, logged, setUpModule  # noqa: F401

class service(in_a_folder):
    def setUp(self):
        super().setUp()
        self.data = wine.unix_path("C:\\ProgramData\\secondwind")
        self.log = self.data / "secondwind.log"
        with contextlib.suppress(FileNotFoundError):
            self.log.unlink()
        self.addCleanup(run, "service", "remove")

    def test_it_is_installed_serves_reloads_drains_and_is_removed(self):
        at, moved = free_port(), free_port()
        with host() as lm:
            settings = {"upstreams": [{"url": lm.url}], "admin": {"listen": "off"}}
            # A path with a space and a letter that only UTF-8 has.
            file = self.write("моя служба/s.json", listen=f"127.0.0.1:{at}", **settings)
            done = run("service", "install", "-c", file, "--log-format", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(run("service", "install").returncode, 1)
            started = wine.windows("net", "start", "secondwind")
            self.assertEqual(started.returncode, 0, started.stdout + started.stderr)
            # It counts as started when it listens.
            self.assertEqual(self.state_after("START_PENDING")["STATE"], "RUNNING")
            self.assertEqual(self.answered(lm, at), b"ok")
            self.write("моя служба/s.json", listen=f"127.0.0.1:{moved}", **settings)
            self.log.rename(self.data / "secondwind.old")
            told = wine.windows(self.control(), "secondwind")
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertEqual(logged(self.log, "files_reopened")["log"][-14:], "secondwind.log")
            self.assertEqual(self.answered(lm, moved), b"ok")
            stopped = wine.windows("net", "stop", "secondwind")
            self.assertEqual(stopped.returncode, 0, stopped.stdout + stopped.stderr)
            logged(self.log, "stopped")
            self.assertNotIn(b"\r", self.log.read_bytes())
            done = run("service", "remove")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(run("service", "remove").returncode, 1)

    def state_after(self, passing):
        """What Windows says of the service once its state is no longer this one. Windows' own
        `net start` waits for that, but Wine's does not."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            told = wine.windows("sc", "query", "secondwind").stdout
            found = dict(re.findall(r"(\w+) +: +(?:\d+  )?(\w+)", told))
            if found.get("STATE", passing) != passing:
                return found
        raise AssertionError(f"the service stays {passing}: {told}")

    def control(self):
        """What `sc control NAME paramchange` does; Wine's own sc does not know it."""
        program = self.folder / "paramchange.exe"
        source = pathlib.Path(__file__).with_name("paramchange.c")
        subprocess.run(["x86_64-w64-mingw32-gcc-posix", "-o", program, source], check=True)
        return str(program)

    def test_an_unusable_configuration_is_refused_by_install(self):
        done = run("service", "install", "-c", self.write("x.json", listne="x"))
        self.assertEqual(done.returncode, 78)
        self.assertEqual(run("service", "remove").returncode, 1)

    def assert_start_fails(self, code, error):
        """With that exit code, and the reason is in the log."""
        wine.windows("net", "start", "secondwind")
        ended = self.state_after("START_PENDING")
        self.assertEqual((ended["STATE"], ended["SERVICE_EXIT_CODE"]), ("STOPPED", str(code)))
        self.assertIn(error, logged(self.log, "service_failed")["error"])

    def test_one_that_became_unusable_stops_with_78(self):
        file = self.write("s.json", listen=f"127.0.0.1:{free_port()}")
        self.assertEqual(run("service", "install", "-c", file).returncode, 0)
        self.write("s.json", listne="x")
        self.assert_start_fails(78, "listne")

    def test_a_listener_whose_address_is_taken_stops_it(self):
        with socket.create_server(("127.0.0.1", free_port())) as other:
            taken = "127.0.0.1:%d" % other.getsockname()[1]
            settings = {"listen": taken, "admin": {"listen": "off"}}
            file = self.write("s.json", **settings)
            self.assertEqual(run("service", "install", "-c", file).returncode, 0)
            self.assert_start_fails(1, taken)

    def test_an_admin_listener_whose_address_is_taken_stops_it_and_the_log_is_that_of_the_file(self):
        self.log = self.folder / "s.log"
        with socket.create_server(("127.0.0.1", free_port())) as other:
            taken = "127.0.0.1:%d" % other.getsockname()[1]
            file = self.write(
                "s.json", listen=f"127.0.0.1:{free_port()}", admin={"listen": taken},
                log={"file": wine.windows_path(self.log)},
            )
            self.assertEqual(run("service", "install", "-c", file).returncode, 0)
            self.assert_start_fails(1, taken)


if __name__ == "__main__":
    unittest.main()
