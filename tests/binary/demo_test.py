"""The demo: the first thing that new users see."""

import array
import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import termios
import unittest

from harness import (
    BINARY,
    ask,
    binary_test,
    clean_environment,
    closed_port,
    event_in,
    lines,
    process,
    run,
)

F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)

ANY_PORTS = ("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")


def unread_bytes(pipe):
    """How many bytes nobody has read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


class demo(binary_test):
    def test_once_tells_refusal_unload_replay_and_answer_in_this_order(self):
        ended = run("demo", "--once", *ANY_PORTS)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertEqual(ended.stderr, "", "the story is told alone")
        at = 0
        for told in (
            r"LM Studio \| REFUSED to load google/gemma-3-12b",
            r"secondwind \| kept that error from your app: load_refused",
            r"secondwind \| is unloading qwen/qwen3-coder-30b",
            r"LM Studio \| unloaded qwen/qwen3-coder-30b",
            r"secondwind \| is replaying the request",
            r"LM Studio \| loaded google/gemma-3-12b",
            r"secondwind \| passed on the answer: recovered, 1 unloaded",
            r"your app \| 200: ",
        ):
            found = re.search(told, ended.stdout[at:])
            self.assertIsNotNone(found, f"{told} is missing after {at} of:\n{ended.stdout}")
            at += found.end()

    def test_it_serves_where_the_configuration_says_and_shows_the_same_everywhere(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        ledger = folder / "ledger.jsonl"
        config = folder / "settings.json"
        settings = {
            "upstreams": [
                {"name": "a", "url": "http://127.0.0.1:9", "listen": "127.0.0.1:9"},
                {"name": "b", "url": "https://127.0.0.1:9"},
            ],
            "default_upstream": "b",
            "tls": {"certificate_file": "/nonexistent", "key_file": "/nonexistent"},
            "clients": {"api_keys": [{"name": "a", "hash": "sha256:" + 64 * "0"}]},
            "recovery": {"mode": "off", "pinned": ["*"], "ledger_file": str(ledger)},
        }
        config.write_text(json.dumps(settings))
        port = self.enterContext(closed_port())
        env = {
            "SECONDWIND_CONFIG": str(config),
            "SECONDWIND_LISTEN": f"127.0.0.1:{port}",
            "SECONDWIND_ADMIN_LISTEN": "off",
        }
        ended = run("demo", "--once", env=env)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended.stdout)
        self.assertIn(f"in front of it on http://127.0.0.1:{port}.", ended.stdout)
        self.assertIn("recovered, 1 unloaded", ended.stdout)
        self.assertFalse(ledger.exists())
        self.assertEqual(run("demo", "--once", env={"SECONDWIND_LISTN": "x"}).returncode, 78)

    def test_the_log_tells_the_same_story_where_it_is_asked_for(self):
        ended = run("demo", "--once", *ANY_PORTS, "--log-level", "info")
        events = [json.loads(line) for line in ended.stderr.splitlines()]
        steps = [e["step"] for e in events if e["event"] == "recovery"]
        self.assertEqual(
            sorted(steps),
            sorted(
                ["began", "listed", "planned", "unloading", "unloaded", "verified"]
                + ["replaying", "concluded", "finished"]
            ),
        )
        self.assertEqual((steps[0], steps[-1]), ("began", "finished"))
        exchanges = [e for e in events if e["event"] == "exchange"]
        self.assertEqual([(e["status"], e["attempts"]) for e in exchanges], [(200, 1), (200, 2)])
        self.assertEqual(exchanges[1]["recovery"], "recovered")

    def test_it_stays_up_for_requests_of_the_users_own_until_a_signal(self):
        told = self.enterContext(process("demo", *ANY_PORTS))
        port = told.output.until(lambda line: re.search(r"http://127\.0\.0\.1:(\d+)/v1,", line))[1]
        lab = told.output.until(lambda line: re.search(r"secondwind (lab test .*)", line))[1]
        told.output.until(lambda line: "Ctrl-C" in line)
        told.output.until(lambda line: re.fullmatch(r"Dashboard: http://127\.0\.0\.1:\d+/", line))

        registry = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "registry.db"
        planned = run(*lab.split(), "--dry-run", "--registry", str(registry))
        self.assertEqual(planned.returncode, 0, planned.stderr)
        self.assertIn("google/gemma-3-12b", planned.stdout)

        # The model that the story has unloaded: it needs the memory of the other one now.
        wish = {
            "model": "qwen/qwen3-coder-30b",
            "messages": [{"role": "user", "content": "Hi"}],
        }
        status, fields, body = ask(
            *(int(port), "POST", "/v1/chat/completions", json.dumps(wish)),
            {"Content-Type": "application/json"},
        )
        self.assertEqual(status, 200, body)
        self.assertEqual(
            fields["X-Secondwind-Recovery"],
            "recovered; reason=load_refused; unloaded=1",
        )
        self.assertEqual(fields["X-Secondwind-Attempts"], "2")
        self.assertEqual(json.loads(body)["choices"][0]["message"]["role"], "assistant")

        told.signal(signal.SIGINT)
        self.assertEqual(told.wait(), 0)

    def test_a_reader_that_stops_does_not_stop_the_proxy(self):
        port = self.enterContext(closed_port())
        listen = ("--listen", f"127.0.0.1:{port}", "--admin", "off")
        unread, out = os.pipe()
        self.addCleanup(os.close, unread)
        fcntl.fcntl(out, F_SETPIPE_SZ, 4096)
        demo = subprocess.Popen(
            [BINARY, "demo", *listen, "--log-level", "info"],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(out)
        errors = lines(demo.stderr)
        self.addCleanup(errors.close)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        errors.until(lambda line: event_in(line, "exchange"))
        for number in range(6):
            model = ("qwen/qwen3-coder-30b", "google/gemma-3-12b")[number % 2]
            wish = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
            status, _, body = ask(
                *(port, "POST", "/v1/chat/completions", json.dumps(wish)),
                {"Content-Type": "application/json"},
            )
            self.assertEqual(status, 200, body)
        self.assertGreater(unread_bytes(unread), 2048, "the pipe was never full")

    def test_a_signal_in_the_middle_of_the_story_ends_it(self):
        told = self.enterContext(process("demo", *ANY_PORTS))
        told.output.until(lambda line: "your app |" in line)
        told.signal()
        # The story was not told to its end, unless it was quicker than the signal.
        self.assertIn(told.wait(), (0, 1))


if __name__ == "__main__":
    unittest.main()
