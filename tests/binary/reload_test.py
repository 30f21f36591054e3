"""HUP reloads the configuration, completely or not at all."""

import json
import pathlib
import select
import signal
import tempfile
import time
import unittest

from crowd import sanitized, watched
from harness import (
    PATIENCE,
    ask,
    binary_test,
    client,
    closed_port,
    event_in,
    host,
    port_of,
    process,
)

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class reload(binary_test):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(folder, "secondwind.json")

    def write(self, **settings):
        self.file.write_text(json.dumps(settings))

    def hang_up(self, proxy, event):
        proxy.signal(signal.SIGHUP)
        return proxy.event(event)

    def test_changes_take_effect_at_once_and_are_logged(self):
        self.write(limits={"body": "1KiB"})
        with host() as lm:
            proxy, at = self.serving(lm.url, "-c", str(self.file))
            self.write(limits={"body": 1}, request_id={"add": True})
            told = self.hang_up(proxy, "config_reloaded")
            self.assertEqual(told["changed"], "limits.body, request_id.add")
            status, fields, _ = ask(at, "POST", "/", "{}", {"X-Request-Id": "mine"})
            self.assertEqual((status, fields["X-Request-Id"]), (413, "mine"))

    def test_a_request_in_flight_does_not_notice(self):
        # A rule with which its answer is being judged goes away meanwhile.
        self.write(recovery={"rules": [{"match": "no room", "verdict": "other_error"}]})
        with host() as lm:
            proxy, at = self.serving(lm.url, "-c", str(self.file))
            with client(at) as app:
                app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
                peer, _ = lm.take()
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 19\r\n\r\n")
                self.write(recovery={"rules": []}, timeouts={"drain": "1s"})
                self.hang_up(proxy, "config_reloaded")
                peer.sendall(b'{"error":"no room"}')
                self.assertTrue(app.until(b'"no room"}').startswith(b"HTTP/1.1 400 "))
            self.assertEqual(proxy.event("exchange")["verdict"], "other_error")

    def test_a_file_that_cannot_be_used_changes_nothing(self):
        self.write(limits={"body": 1})
        with closed_port() as port:
            proxy, at = self.serving(f"http://127.0.0.1:{port}", "-c", str(self.file))
            self.file.write_text('{"limits": {"body": "1KiB"}, "recovery": {"evct": "all"}}')
            refused = self.hang_up(proxy, "config_reload_failed")
            self.assertIn(f"{self.file}:1:43:", refused["error"])
            self.assertIn('did you mean "recovery.evict"', refused["error"])
            self.assertEqual(ask(at, "POST", "/", "{}")[0], 413)

    def test_half_a_file_changes_nothing(self):
        self.write(limits={"body": 1})
        with closed_port() as port:
            proxy, at = self.serving(f"http://127.0.0.1:{port}", "-c", str(self.file))
            self.file.write_text('{"limits": {"body": "1K')
            self.assertIn("not valid JSON", self.hang_up(proxy, "config_reload_failed")["error"])
            self.file.unlink()
            self.assertIn("cannot be read", self.hang_up(proxy, "config_reload_failed")["error"])
            self.assertEqual(ask(at, "POST", "/", "{}")[0], 413)

    def test_log_and_ledger_go_on_in_other_files(self):
        folder = self.file.parent
        self.write(log={"file": str(folder / "one.log")})
        with closed_port() as port:
            proxy = self.started(port)
            self.until_logged("one.log", "listening")
            self.write(
                log={"file": str(folder / "two.log"), "level": "warn"},
                recovery={"ledger_file": str(folder / "ledger.jsonl")},
            )
            proxy.signal(signal.SIGHUP)
            self.wait_for(lambda: (folder / "ledger.jsonl").exists())
            # What cannot be opened refuses the next one, which is worth an error line.
            self.write(recovery={"ledger_file": str(folder / "no" / "ledger.jsonl")})
            proxy.signal(signal.SIGHUP)
            error = self.until_logged("two.log", "config_reload_failed")["error"]
            self.assertIn("cannot open the ledger", error)
            self.assertNotIn("config_reloaded", (folder / "one.log").read_text())
            self.assertNotIn("config_reloaded", (folder / "two.log").read_text())

    def test_usr1_goes_on_in_new_files_and_loses_no_line(self):
        folder = self.file.parent
        log, ledger = folder / "a.log", folder / "ledger.jsonl"
        self.write(log={"file": str(log)}, recovery={"ledger_file": str(ledger)})
        with closed_port() as port:
            proxy = self.started(port)
            at = port_of(self.until_logged("a.log", "listening")["listen"])
            for n in range(3):
                self.assertEqual(ask(at, "GET", f"/{n}")[0], 502)
                log.rename(folder / f"a.log.{n}")
                ledger.rename(folder / f"ledger.{n}")
                proxy.signal(signal.SIGUSR1)
                self.until_logged("a.log", "files_reopened")
                self.assertTrue(ledger.exists())
            self.assertEqual(ask(at, "GET", "/3")[0], 502)
            proxy.signal(signal.SIGTERM)
            self.assertEqual(proxy.wait(), 0)
        lines = [(folder / f"a.log.{n}").read_text() for n in range(3)] + [log.read_text()]
        for n, text in enumerate(lines):
            told = [json.loads(line) for line in text.splitlines()]
            paths = [each["path"] for each in told if each["event"] == "exchange"]
            self.assertEqual(paths, [f"/{n}"])

    def test_usr1_without_files_does_nothing(self):
        with closed_port() as port:
            proxy, at = self.serving(f"http://127.0.0.1:{port}")
            proxy.signal(signal.SIGUSR1)
            proxy.event("files_reopened")
            self.assertEqual(ask(at, "GET", "/")[0], 502)

    def test_usr2_is_ignored(self):
        with closed_port() as port:
            proxy, at = self.serving(f"http://127.0.0.1:{port}")
            proxy.signal(signal.SIGUSR2)
            self.assertEqual(ask(at, "GET", "/")[0], 502)

    def started(self, port):
        """One that logs to a file, so that its standard error tells nothing."""
        upstream = f"http://127.0.0.1:{port}"
        return self.enterContext(
            process("-c", str(self.file), "--listen", "127.0.0.1:0", "--upstream", upstream)
        )

    def wait_for(self, condition):
        """Waits until another process has changed files; there is no event for that."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end)
            select.select([], [], [], 0.02)

    def until_logged(self, name, event):
        """The first event of that name in a file of the log."""
        found = []

        def look():
            path = self.file.parent / name
            text = path.read_text() if path.exists() else ""
            found.extend(filter(None, (event_in(line, event) for line in text.splitlines())))
            return found

        self.wait_for(look)
        return found[0]

    def test_a_hundred_in_a_row_leave_nothing_behind(self):
        with host() as lm:
            self.write(recovery={"rules": []})
            proxy = self.enterContext(
                watched("--listen", "127.0.0.1:0", "--upstream", lm.url, "-c", str(self.file))
            )
            at = port_of(proxy.event("listening")["listen"])
            for n in range(100):
                rule = {"match": f"number {n} " + "x" * 900, "verdict": "other_error"}
                self.write(recovery={"rules": [rule]})
                self.hang_up(proxy, "config_reloaded")
                if n == 10:
                    descriptors, memory = proxy.descriptors(), proxy.memory()
            self.assertEqual(proxy.descriptors(), descriptors)
            if not sanitized():
                self.assertLess(proxy.memory() - memory, 1024 * 1024)
            with client(at) as app:
                app.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                lm.take()[0].sendall(ANSWER)
                self.assertTrue(app.until(b"ok").startswith(b"HTTP/1.1 200 "))


if __name__ == "__main__":
    unittest.main()
