"""The operator commands against a running secondwind: their output and exit codes."""

import json
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

from harness import (
    BINARY,
    PATIENCE,
    ask,
    binary_test,
    clean_environment,
    closed_port,
    port_of,
    process,
    run,
)

TOKEN = "a-token-of-some-length"
VERBS = (
    ["status"],
    ["models"],
    ["requests"],
    ["route", "x"],
    ["explain", "x"],
    ["unload", "--all", "--yes"],
    ["events"],
    ["health"],
)


class without_a_server(binary_test):
    def test_each_verb_has_a_help_of_its_own(self):
        for verb in ("status", "models", "requests", "explain", "route", "unload", "events", "health"):
            with self.subTest(verb=verb):
                ended = run(verb, "--help")
                self.assertEqual((ended.returncode, ended.stderr), (0, ""))
                for word in ("--admin", "--json", "SECONDWIND_ADMIN_TOKEN"):
                    self.assertIn(word, ended.stdout)

    def test_without_a_server_it_fails_and_explains_it(self):
        port = self.enterContext(closed_port())
        for verb in VERBS:
            with self.subTest(verb=verb):
                ended = run(*verb, "--admin", f"127.0.0.1:{port}")
                self.assertEqual((ended.returncode, ended.stdout), (1, ""))
                self.assertIn("check that secondwind is running", ended.stderr)
                self.assertIn(f"127.0.0.1:{port}", ended.stderr)

    def test_the_environment_sets_the_address_as_for_the_server(self):
        port = self.enterContext(closed_port())
        ended = run("health", env={"SECONDWIND_ADMIN_LISTEN": f"127.0.0.1:{port}"})
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f"127.0.0.1:{port}", ended.stderr)

    def test_a_listener_that_is_off_cannot_be_used(self):
        ended = run("status", env={"SECONDWIND_ADMIN_LISTEN": "off"})
        self.assertEqual(ended.returncode, 78)
        self.assertIn("--admin", ended.stderr)

    def test_wrong_usage_is_reported_before_connecting(self):
        for wrong in (
            ["unload"],
            ["unload", "x", "--all", "--yes"],
            ["unload", "x"],  # there is no terminal to confirm it
            ["events", "--once"],
            ["load"],
            ["route"],
            ["explain"],
            ["load", "x", "--admin", "127.0.0.1:1"],
            ["status", "x"],
            ["--listen", "127.0.0.1:0", "status"],
        ):
            with self.subTest(wrong=wrong):
                ended = run(*wrong)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))


class with_a_server(binary_test):
    def demonstrated(self):
        """The finished demo: the process, its port, and the address of its admin listener."""
        told = self.enterContext(
            process(
                *("demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"),
                *("--log-level", "info"),
            )
        )
        admin = told.event("admin_listening")["listen"]
        port = told.output.until(lambda line: re.search(r"http://127\.0\.0\.1:(\d+)/v1,", line))[1]
        told.output.until(lambda line: "Ctrl-C" in line)
        return told, int(port), admin

    def serving_with_admin(self, upstream, env=None):
        proxy = self.enterContext(
            process(
                *("--listen", "127.0.0.1:0", "--upstream", upstream, "--admin", "127.0.0.1:0"),
                env=env,
            )
        )
        return proxy, proxy.event("admin_listening")["listen"]

    def test_status_shows_the_recovery_of_the_demo(self):
        _, _, admin = self.demonstrated()
        ended = run("status", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        first, *rest = ended.stdout.splitlines()
        self.assertTrue(first.startswith("All is well"), first)
        self.assertIn("1 recovery (1 request recovered)", first)
        self.assertTrue(any(line.startswith("emulator") for line in rest), rest)
        self.assertRegex(rest[-1], r"load_refused\s+google/gemma-3-12b\s+qwen/.*recovered")
        self.assertNotIn("\033", ended.stdout)

    def test_json_is_the_answer_of_the_server(self):
        _, _, admin = self.demonstrated()
        status = json.loads(run("status", "--json", "--admin", admin).stdout)
        self.assertEqual(status["totals"]["recovered"], 1)
        self.assertEqual(status["admin"], admin)
        hosts = json.loads(run("models", "--json", "--admin", admin).stdout)
        self.assertEqual([each["name"] for each in hosts["hosts"]], ["emulator"])
        health = json.loads(run("health", "--json", "--admin", admin).stdout)
        self.assertEqual(health, {"status": "ready"})
        follower = self.enterContext(process("events", "--json", "--admin", admin))
        snapshot = json.loads(follower.output.until(lambda line: line))
        self.assertEqual(snapshot["type"], "snapshot")
        self.assertEqual(snapshot["run"], status["run"])

    def test_load_makes_room_for_a_model_and_loads_it_once(self):
        _, port, admin = self.demonstrated()
        there = {"SECONDWIND_LISTEN": f"127.0.0.1:{port}"}
        big = "qwen/qwen3-coder-30b"
        for told in (rf"\Aloaded {big} in [\d.]+m?s\n\Z", rf"\A{big} is loaded already\n\Z"):
            ended = run("load", big, env=there)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
            self.assertRegex(ended.stdout, told)
        again = json.loads(run("load", big, "--json", env=there).stdout)
        self.assertEqual(again, {"status": "loaded", "instance_id": big})
        status = json.loads(run("status", "--json", "--admin", admin).stdout)
        self.assertEqual(status["totals"]["recovered"], 2)
        for arguments, words in (
            (["no/such-model"], "no/such-model was not loaded: status 4"),
            ([big, "--host", "elsewhere"], "There is no host"),
        ):
            ended = run("load", *arguments, env=there)
            self.assertEqual((ended.returncode, ended.stdout), (1, ""))
            self.assertIn(words, ended.stderr)

    def test_load_needs_a_server_at_the_address_for_clients(self):
        port = self.enterContext(closed_port())
        ended = run("load", "x", env={"SECONDWIND_LISTEN": f"127.0.0.1:{port}"})
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn(f"127.0.0.1:{port} did not answer", ended.stderr)

    def test_reload_reads_the_configuration_again(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        file = folder / "settings.json"
        port = self.enterContext(closed_port())
        text = '{"admin": {"allow_actions": true}, "limits": {"fields": %s}}'
        file.write_text(text % 50)
        _, admin = self.serving_with_admin(
            f"http://127.0.0.1:{port}", env={"SECONDWIND_CONFIG": str(file)}
        )
        ended = run("reload", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                         (0, "reloaded; nothing has changed\n", ""))
        file.write_text(text % 60)
        ended = run("reload", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout),
                         (0, "reloaded; changed: limits.fields\n"))
        file.write_text(text % '"x"')
        ended = run("reload", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("limits.fields: expected", ended.stderr)

    def test_models_shows_loaded_and_other_models(self):
        _, _, admin = self.demonstrated()
        ended = run("models", "--admin", f"http://{admin}/")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        size = r"\s+[\d.]+ GB\s+"
        self.assertRegex(ended.stdout, f"google/gemma-3-12b{size}google/gemma-3-12b +loaded")
        self.assertRegex(ended.stdout, f"qwen/qwen3-coder-30b{size}- +on disk")

    def test_route_says_that_one_host_leaves_no_choice(self):
        _, _, admin = self.demonstrated()
        ended = run("route", "google/gemma-3-12b", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(
            ended.stdout,
            "A request for google/gemma-3-12b goes to emulator (only): there is no other host.\n",
        )

    def test_route_shows_the_price_on_each_host(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        one, two = (self.enterContext(closed_port()) for _ in range(2))
        hosts = [
            {"name": "one", "url": f"http://127.0.0.1:{one}", "handicap": "5s"},
            {"name": "two", "url": f"http://127.0.0.1:{two}"},
            {"name": "embedder", "url": f"http://127.0.0.1:{two}", "models": ["embed-*"]},
        ]
        file = folder / "settings.json"
        file.write_text(json.dumps({"upstreams": hosts}))
        proxy = self.enterContext(
            process(
                *("-c", str(file), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"),
            )
        )
        admin = proxy.event("admin_listening")["listen"]
        ended = run("route", "qwen/qwen3-8b", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("A request for qwen/qwen3-8b goes to two (perhaps)", ended.stdout)
        self.assertRegex(ended.stdout, r"(?m)^\*  two +62\.00 +0\.00 +62\.00 +0\.00")
        self.assertRegex(ended.stdout, r"(?m)^   one +67\.00 .* 5\.00  perhaps")
        self.assertIn("embedder is no candidate: upstreams[].models excludes", ended.stdout)
        told = json.loads(run("route", "embed-x", "--json", "--admin", admin).stdout)
        self.assertEqual(len(told["candidates"]), 3)
        wrong = run("route", "x", "--path", "chat", "--admin", admin)
        self.assertEqual((wrong.returncode, wrong.stdout), (1, ""))
        self.assertIn('"path" must be the path of a request', wrong.stderr)

    def test_output_that_cannot_be_written_is_a_failure(self):
        _, _, admin = self.demonstrated()
        with open("/dev/full", "w", encoding="utf-8") as full:
            ended = subprocess.run(
                [BINARY, "models", "--admin", admin],
                env=clean_environment(),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        self.assertEqual(ended.returncode, 1)
        self.assertIn("cannot write to standard output", ended.stderr)

    def test_health_is_ready_and_fails_after_the_end(self):
        told, _, admin = self.demonstrated()
        ended = run("health", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "ready\n", ""))
        told.signal()
        told.wait()
        self.assertEqual(run("health", "--admin", admin).returncode, 1)

    def test_health_reports_that_no_host_is_up(self):
        port = self.enterContext(closed_port())
        proxy, admin = self.serving_with_admin(f"http://127.0.0.1:{port}")
        status, _, _ = ask(port_of(proxy.event("listening")["listen"]), "GET", "/v1/models")
        self.assertEqual(status, 502)
        ended = run("health", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout), (1, "no_host_up\n"))
        self.assertIn("default is down: ", ended.stderr)

    def test_unload_unloads_and_reports_it(self):
        _, _, admin = self.demonstrated()
        ended = run("unload", "--all", "--yes", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(ended.stdout, "unloaded google/gemma-3-12b\n")
        self.assertNotIn("loaded", run("models", "--admin", admin).stdout)
        again = run("unload", "google/gemma-3-12b", "--yes", "--host", "emulator", "--admin", admin)
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        self.assertEqual(again.stdout, "google/gemma-3-12b was not loaded\n")

    def test_unload_rejects_an_unknown_host(self):
        _, _, admin = self.demonstrated()
        ended = run("unload", "--all", "--yes", "--host", "other", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertIn("unknown host other; known hosts: emulator", ended.stderr)

    def test_unload_needs_allow_actions(self):
        port = self.enterContext(closed_port())
        _, admin = self.serving_with_admin(f"http://127.0.0.1:{port}")
        ended = run("unload", "--all", "--yes", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stdout), (1, ""))
        self.assertIn("admin.allow_actions", ended.stderr)

    def test_events_are_printed_until_an_interrupt(self):
        _, port, admin = self.demonstrated()
        child = self.enterContext(process("events", "--admin", admin))
        child.output.until(lambda line: "All is well" in line)
        wish = {"model": "qwen/qwen3-coder-30b", "messages": [{"role": "user", "content": "Hi"}]}
        status, _, body = ask(
            *(port, "POST", "/v1/chat/completions", json.dumps(wish)),
            {"Content-Type": "application/json"},
        )
        self.assertEqual(status, 200, body)
        for words in (
            r"recovery 2 on emulator started: load_refused for qwen/qwen3-coder-30b",
            r"recovery 2 on emulator will unload google/gemma-3-12b",
            r"recovery 2 on emulator unloaded google/gemma-3-12b",
            r"recovery 2 on emulator ended: recovered, 1 unloaded",
        ):
            child.output.until(lambda line, words=words: re.search(words, line))
        child.signal(signal.SIGINT)
        self.assertEqual(child.wait(), 0)

    def test_events_continue_after_a_restart(self):
        port = self.enterContext(closed_port())
        proxy, admin = self.serving_with_admin(f"http://127.0.0.1:{port}")
        child = self.enterContext(process("events", "--json", "--admin", admin))
        first = json.loads(child.output.until(lambda line: line))
        proxy.signal()
        child.errors.until(lambda line: "; reconnecting" in line)
        self.assertEqual(proxy.wait(), 0)
        again = self.enterContext(
            process(
                *("--listen", "127.0.0.1:0", "--upstream", f"http://127.0.0.1:{port}"),
                *("--admin", admin),
            )
        )
        again.event("admin_listening")
        child.errors.until(lambda line: "was restarted" in line)
        second = child.output.until(lambda line: '"snapshot"' in line and json.loads(line))
        self.assertNotEqual(first["run"], second["run"])
        child.signal(signal.SIGTERM)
        self.assertEqual(child.wait(), 0)

    def test_a_token_is_required_and_read_from_the_environment(self):
        port = self.enterContext(closed_port())
        token = {"SECONDWIND_ADMIN_TOKEN": TOKEN}
        _, admin = self.serving_with_admin(f"http://127.0.0.1:{port}", env=token)
        for verb in (["status"], ["models"], ["events"], ["reload"]):
            with self.subTest(verb=verb):
                refused = run(*verb, "--admin", admin)
                self.assertEqual((refused.returncode, refused.stdout), (1, ""))
                self.assertIn("SECONDWIND_ADMIN_TOKEN", refused.stderr)
        self.assertEqual(run("status", "--admin", admin, env=token).returncode, 0)
        follower = self.enterContext(process("events", "--admin", admin, env=token))
        follower.output.until(lambda line: "1 host down" in line)
        wrong = run("status", "--admin", admin, env={"SECONDWIND_ADMIN_TOKEN": TOKEN + "x"})
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("rejected the token", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
