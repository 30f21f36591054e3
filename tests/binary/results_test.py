"""What the lab publishes: where a running secondwind keeps it, and that it finds it again."""

import json
import signal
import tempfile
import unittest
from pathlib import Path

from harness import ask, binary_test, closed_port, event_in, port_of, process

JSON = {"Content-Type": "application/json"}


def measured(works):
    return {
        "schema": 1,
        "models": [{"key": "maker/large", "measured_at": "2026-03-14T12:00:00Z", "works": works}],
    }


class results(binary_test):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "results.json"
        self.config = self.folder / "secondwind.json"
        self.port = self.enterContext(closed_port())
        self.configure("default")

    def configure(self, *hosts):
        self.config.write_text(
            json.dumps(
                {
                    "upstreams": [
                        {"name": name, "url": f"http://127.0.0.1:{self.port}"} for name in hosts
                    ],
                    "listen": "127.0.0.1:0",
                    "admin": {"listen": "127.0.0.1:0", "allow_actions": True},
                    "lab": {"results_file": str(self.file)},
                    "log": {"level": "info"},
                }
            ),
            encoding="utf-8",
        )

    def started(self, env=None):
        proxy = self.enterContext(
            process("serve", "-c", str(self.config), env=env, unset=("SECONDWIND_ADMIN_LISTEN",))
        )
        self.admin = port_of(proxy.event("admin_listening")["listen"])
        proxy.event("listening")  # from now on it ends as it should
        return proxy

    def told(self, proxy, name):
        """The first such event, which may have come before the listener's."""
        seen = (event_in(line, name) for line in proxy.errors.seen)
        return next(filter(None, seen), None) or proxy.event(name)

    def publish(self, works, host="default", status=200):
        code, _, body = ask(
            self.admin, "POST", f"/api/hosts/{host}/results", json.dumps(measured(works)), JSON
        )
        self.assertEqual(code, status, body)
        return json.loads(body)

    def stop(self, proxy):
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 0)

    def test_are_there_after_a_restart(self):
        proxy = self.started()
        self.publish(8192)
        self.publish(16384)
        self.stop(proxy)
        kept = {"schema": 1, "hosts": {"default": measured(16384)}}
        self.assertEqual(json.loads(self.file.read_text(encoding="utf-8")), kept)
        proxy = self.started()
        self.assertEqual(self.told(proxy, "lab_results_read")["hosts"], 1)

    def test_of_a_host_that_comes_back_are_used_after_a_reload(self):
        proxy = self.started()
        self.publish(8192)
        self.stop(proxy)
        self.configure("other")
        proxy = self.started()
        self.assertEqual(self.told(proxy, "lab_results_read")["hosts"], 0)
        self.publish(4096, host="other")
        self.configure("other", "default")
        proxy.signal(signal.SIGHUP)
        self.assertEqual(proxy.event("lab_results_read")["hosts"], 2)
        self.configure("default")
        code, _, _ = ask(self.admin, "POST", "/api/reload", "{}", JSON)
        self.assertEqual(code, 200)
        self.assertEqual(proxy.event("lab_results_read")["hosts"], 1)
        kept = {"schema": 1, "hosts": {"default": measured(8192), "other": measured(4096)}}
        self.assertEqual(json.loads(self.file.read_text(encoding="utf-8")), kept)

    def test_in_a_damaged_file_are_logged_and_left(self):
        for content in ("{", "[]", '{"schema":2,"hosts":{}}', '{"schema":1}'):
            with self.subTest(content=content):
                self.file.write_text(content, encoding="utf-8")
                proxy = self.started()
                told = self.told(proxy, "lab_results_unreadable")
                self.assertEqual(told["file"], str(self.file))
                self.assertIn("schema 1", told["error"])
                self.stop(proxy)
                self.assertEqual(self.file.read_text(encoding="utf-8"), content)

    def test_of_one_host_that_are_damaged_leave_those_of_the_others(self):
        kept = {"schema": 1, "hosts": {"default": {"schema": 7}, "other": measured(8192)}}
        self.file.write_text(json.dumps(kept), encoding="utf-8")
        self.configure("default", "other")
        proxy = self.started()
        self.assertEqual(self.told(proxy, "lab_results_unreadable")["host"], "default")
        self.assertEqual(self.told(proxy, "lab_results_read")["hosts"], 1)

    def test_that_cannot_be_written_say_so(self):
        self.file = self.folder / "missing" / "results.json"
        self.configure("default")
        self.started()
        error = self.publish(8192, status=500)["error"]
        self.assertEqual(error["code"], "not_kept")
        self.assertIn(str(self.file), error["message"])

    def test_are_kept_in_the_state_directory_of_a_service(self):
        place, self.file = self.file, ""
        self.configure("default")
        self.started({"STATE_DIRECTORY": str(self.folder)})
        self.publish(8192)
        self.assertEqual(json.loads(place.read_text(encoding="utf-8"))["schema"], 1)


if __name__ == "__main__":
    unittest.main()
