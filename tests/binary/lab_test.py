"""`secondwind lab` against an emulated LM Studio, from outside: what it finds, what it leaves behind,
and how it ends. tests/lab/machine.py knows the right answers.

SECONDWIND_LAB_KILLS=<n> kills the acceptance run n times instead of 3.
"""

import fcntl
import json
import os
import pty
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

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

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
import machine as machines  # noqa: E402

LONG = 240  # seconds, for a run over all models
KILLS = int(os.environ.get("SECONDWIND_LAB_KILLS", "3"))
GB = 10**9


def small_machine(**faults):
    """One model that works up to 16,384 tokens of 32,768, and one that always works."""
    return {
        "memory_bytes": 10 * GB,
        "models": [
            {
                "key": "maker/limited",
                "size_bytes": 4 * GB,
                "max_context_length": 32_768,
                "kv_bytes_per_token": 6 * GB // 17_000,
                "faults": faults,
            },
            {"key": "maker/small", "size_bytes": 1 * GB, "max_context_length": 8192},
        ],
    }


class lab(binary_test):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.registry = self.folder / "registry.db"

    def emulate(self, machine):
        file = self.folder / "machine.json"
        file.write_text(json.dumps(machine), encoding="utf-8")
        host = self.enterContext(
            process("emulate", "--machine", str(file), "--listen", "127.0.0.1:0")
        )
        line = host.output.until(lambda text: "listens on" in text and text)
        self.url = line.rsplit(" ", 1)[1]
        self.port = port_of(self.url)
        return host

    def arguments(self, verb, *more):
        return ["lab", verb, "--registry", str(self.registry), "--upstream", self.url, *more]

    def lab(self, verb, *more, timeout=PATIENCE):
        return subprocess.run(
            [BINARY, *self.arguments(verb, *more)],
            env=clean_environment({"SECONDWIND_ADMIN_LISTEN": "off"}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def loaded(self):
        listed = json.loads(ask(self.port, "GET", "/api/v1/models")[2])
        return {i["id"]: i["config"] for m in listed["models"] for i in m["loaded_instances"]}

    def results(self):
        (host,) = json.loads(self.lab("list", "--json").stdout)["hosts"]
        return {each["key"]: each["result"] for each in host["models"]}


class first_steps(lab):
    def test_a_scan_a_test_and_a_list(self):
        self.emulate(small_machine())
        scanned = self.lab("scan")
        self.assertEqual((scanned.returncode, scanned.stdout), (0, "default: 2 models\n"))
        listed = self.lab("list")
        self.assertIn("maker/limited", listed.stdout)
        self.assertIn("2 not yet", listed.stdout)

        tested = self.lab("test", "--all")
        self.assertEqual(tested.returncode, 0, tested.stderr)
        self.assertIn("2/2 maker/limited: works up to", tested.stderr)
        self.assertEqual(self.loaded(), {})
        found = self.results()
        self.assertEqual(found["maker/small"]["works"], 8192)
        self.assertEqual(found["maker/small"]["limited_by"], "model")
        self.assertLessEqual(found["maker/limited"]["works"], 17_000)
        self.assertGreater(found["maker/limited"]["works"], 17_000 - 1024)
        self.assertEqual(found["maker/limited"]["limited_by"], "guardrail")

        again = self.lab("test", "--all")
        self.assertEqual(again.returncode, 0)
        self.assertIn("nothing to test", again.stderr)

    def test_list_and_show_ask_nobody(self):
        with self.emulate(small_machine()):
            self.lab("scan")
        listed = self.lab("list", "--sort", "size")
        self.assertEqual(listed.returncode, 0)
        self.assertLess(listed.stdout.index("maker/limited"), listed.stdout.index("maker/small"))
        self.assertEqual(self.lab("show", "small").returncode, 0)
        failed = self.lab("scan")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("the registry keeps what it has", failed.stderr)
        self.assertEqual(self.lab("list").stdout, self.lab("list").stdout)

    def test_a_dry_run_loads_nothing(self):
        self.emulate(small_machine())
        dry = self.lab("test", "--all", "--dry-run")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertIn("maker/small", dry.stdout)
        self.assertIn("8,192", dry.stdout)
        self.assertEqual(self.results()["maker/small"], None)

    def test_one_size_is_probed_and_nothing_is_searched(self):
        self.emulate(small_machine())
        done = self.lab("test", "limited", "--ctx", "8k")
        self.assertEqual(done.returncode, 1, done.stderr)  # no result yet, only a probe
        result = self.results()["maker/limited"]
        self.assertEqual((result["status"], result["works"]), ("partial", 8192))
        self.assertIn(">= 8,192", self.lab("list").stdout)
        refused = self.lab("test", "limited", "--ctx", "65536")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("--force", refused.stderr)

    def test_json_lines_tell_the_whole_run(self):
        self.emulate(small_machine())
        done = self.lab("test", "--all", "--json")
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(events[0]["event"], "run")
        self.assertEqual(events[-1], {"event": "end", "exit_code": 0})
        self.assertEqual([e["model"] for e in events if e["event"] == "model"],
                         ["maker/small", "maker/limited"])
        self.assertGreaterEqual(sum(e["event"] == "probe" for e in events), 4)

    def test_one_size_joins_a_result_and_never_replaces_it(self):
        self.emulate(small_machine())
        self.assertEqual(self.lab("test", "limited").returncode, 0)
        refused = self.lab("test", "limited", "--ctx", "30k", "--again")
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("--force", refused.stderr)
        self.lab("test", "limited", "--ctx", "30k", "--again", "--force")
        self.assertEqual(self.results()["maker/limited"]["status"], "complete")
        self.assertNotIn("guardrail, filled", self.lab("show", "limited").stdout)


class published(lab):
    """What a running secondwind makes of the results."""

    CHAT = {"model": "maker/limited", "messages": [{"role": "user", "content": "Hi"}]}
    JSON = {"Content-Type": "application/json"}

    def serve(self, **more):
        self.emulate(self.machine())
        self.proxy = self.enterContext(
            process(
                "--listen", "127.0.0.1:0", "--upstream", self.url, "--log-level", "info",
                env={"SECONDWIND_ADMIN_ALLOW_ACTIONS": "true",
                     "SECONDWIND_RECOVERY_FIT_CONTEXT": "on", **more},
            )
        )
        self.admin = self.proxy.event("admin_listening")["listen"]
        self.at = port_of(self.proxy.event("listening")["listen"])

    def machine(self):
        """Its larger model does not fit with its default context, not even alone."""
        machine = small_machine()
        machine["models"][0]["default_context"] = 32_768
        return machine

    def lab(self, verb, *more, timeout=PATIENCE):
        return subprocess.run(
            [BINARY, *self.arguments(verb, *more)],
            env=clean_environment({"SECONDWIND_ADMIN_LISTEN": self.admin}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def chat(self):
        path = "/v1/chat/completions"
        return ask(self.at, "POST", path, json.dumps(self.CHAT), self.JSON)

    def shown(self):
        """What the admin listener tells beside each model."""
        (host,) = json.loads(ask(port_of(self.admin), "GET", "/api/hosts")[2])["hosts"]
        return {each["key"]: each["lab"] for each in host["models"]}

    def test_a_model_that_does_not_fit_at_its_default_answers(self):
        self.serve()
        status, fields, _ = self.chat()
        self.assertGreaterEqual(status, 400)
        self.assertNotIn("context=", fields["X-Secondwind-Recovery"])

        tested = self.lab("test", "--all", "--yes")
        self.assertEqual((tested.returncode, "not published" in tested.stderr), (0, False))
        works = self.results()["maker/limited"]["works"]
        self.assertGreater(works, 15_000)
        lab = self.shown()["maker/limited"]
        self.assertEqual((lab["works"], lab["max"], lab["stale"]), (works, 32_768, False))

        status, fields, _ = self.chat()
        self.assertEqual(status, 200)
        self.assertEqual(
            fields["X-Secondwind-Recovery"],
            f"recovered; reason=load_refused; unloaded=0; context={works}",
        )
        self.assertEqual(fields["X-Secondwind-Attempts"], "2")
        loaded = self.loaded()
        self.assertEqual(list(loaded), ["maker/limited"])
        self.assertEqual(loaded["maker/limited"]["context_length"], works)
        self.assertIsNone(self.chat()[1]["X-Secondwind-Recovery"])
        models = run("models", "--admin", self.admin).stdout
        self.assertRegex(models, r"WORKS +TOK/S")
        self.assertIn(f"{works:,}", models)

    def test_results_are_published_again_at_any_time(self):
        self.serve()
        self.lab("test", "small", "--yes")
        ask(port_of(self.admin), "POST", "/api/hosts/default/results",
            '{"schema":1,"models":[]}', self.JSON)
        self.assertIsNone(self.shown()["maker/small"])
        done = self.lab("publish")
        self.assertEqual((done.returncode, done.stdout), (0, "published the results of default\n"))
        self.assertEqual(self.shown()["maker/small"]["works"], 8192)

    def test_without_actions_publish_says_so(self):
        self.serve(SECONDWIND_ADMIN_ALLOW_ACTIONS="false")
        self.assertEqual(self.lab("scan").returncode, 0)
        done = self.lab("publish")
        self.assertEqual(done.returncode, 1)
        self.assertIn("admin.allow_actions", done.stderr)

    def test_where_nobody_listens_only_publish_complains(self):
        self.emulate(self.machine())
        with closed_port() as port:
            self.admin = f"127.0.0.1:{port}"
            tested = self.lab("test", "small", "--yes")
            self.assertEqual((tested.returncode, "published" in tested.stderr), (0, False))
            done = self.lab("publish")
            self.assertEqual(done.returncode, 1)
            self.assertIn(self.admin, done.stderr)

    def test_a_secondwind_with_other_hosts_gets_nothing(self):
        self.serve()
        with closed_port() as port:
            self.url = f"http://127.0.0.1:{port}"
            self.assertEqual(self.lab("publish").returncode, 1)  # there is no host yet
        self.emulate(self.machine())
        self.assertEqual(self.lab("test", "small", "--yes").returncode, 0)
        self.assertIsNone(self.shown()["maker/small"])
        done = self.lab("publish")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no upstream {self.url}", done.stderr)


class usage(lab):
    def test_wrong_arguments_end_with_2(self):
        self.emulate(small_machine())
        self.lab("scan")
        for arguments in (
            ("test",), ("test", "--all", "small"), ("test", "nothing-like-it"),
            ("test", "maker"), ("test", "--all", "--ctx", "many"), ("test", "small", "--ctx", "0"),
            ("test", "--all", "--wait", "soon"), ("list", "--sort", "colour"),
            ("list", "--type", "vision"), ("show", "none"), ("forget",), ("forget", "small"),
            ("export", "--format", "xml"), ("test", "--all", "--host", "other"),
        ):
            with self.subTest(arguments):
                done = self.lab(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr + done.stdout)
                self.assertNotEqual(done.stderr, "")

    def test_verbs_of_the_lab_are_pointed_out(self):
        for verb in ("scan", "list", "test"):
            done = run(verb)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"Did you mean `secondwind lab {verb}`?", done.stderr)
        self.assertIn("Did you mean `secondwind lab health --verbose`?",
                      run("health", "--verbose").stderr)


    def test_no_time_at_all_is_refused(self):
        self.emulate(small_machine())
        for flag in ("--load-timeout", "--prompt-time"):
            refused = self.lab("test", "small", flag, "0")
            self.assertEqual(refused.returncode, 2)
            self.assertIn(f"{flag} takes a time above 0", refused.stderr)

    def test_an_unknown_host_is_named(self):
        self.emulate(small_machine())
        self.lab("scan")
        for arguments in (("list",), ("list", "--json"), ("export", "--format", "lmstrix")):
            refused = self.lab(*arguments, "--host", "other")
            self.assertEqual(refused.returncode, 1)
            self.assertIn('no host "other": it has default', refused.stderr)

    def test_output_that_is_lost_is_a_failure(self):
        self.emulate(small_machine())
        self.lab("scan")
        for verb in (("list",), ("show", "small"), ("health",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *self.arguments(*verb)], stdout=full,
                                      env=clean_environment({}), stderr=subprocess.DEVNULL,
                                      timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 1, verb)


class others(lab):
    def busy_machine(self):
        made = small_machine()
        made["loaded"] = [
            {"model": "maker/small", "context_length": 4096},
            {"model": "maker/limited", "just_in_time": True},
        ]
        return made

    def test_what_is_loaded_is_unloaded_only_with_leave(self):
        self.emulate(self.busy_machine())
        before = self.loaded()
        refused = self.lab("test", "--all")
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("--yes", refused.stderr)
        self.assertEqual(self.loaded(), before)

    def test_what_was_loaded_by_hand_comes_back_as_it_was(self):
        self.emulate(self.busy_machine())
        done = self.lab("test", "--all", "--yes", "--quiet", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        after = self.loaded()
        self.assertEqual(list(after), ["maker/small"])
        self.assertEqual(after["maker/small"]["context_length"], 4096)

    def test_with_keep_all_stays_and_results_say_so(self):
        made = small_machine()
        made["loaded"] = [{"model": "maker/small", "context_length": 4096}]
        self.emulate(made)
        done = self.lab("test", "limited", "--keep")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.loaded()), ["maker/small"])
        self.assertEqual(self.results()["maker/limited"]["beside"], ["maker/small"])


class endings(lab):
    def running(self, *more):
        return self.enterContext(
            process(*self.arguments("test", "--all", *more), env={"SECONDWIND_ADMIN_LISTEN": "off"})
        )

    def test_an_interrupt_cleans_up_and_the_same_command_goes_on(self):
        made = small_machine()
        made["load_ms"] = 300
        self.emulate(made)
        first = self.running()
        first.errors.until(lambda line: "works: loaded in" in line)
        first.signal(signal.SIGINT)
        self.assertEqual(first.wait(), 130)
        self.assertEqual(self.loaded(), {})
        done = self.lab("test", "--all")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.results()["maker/small"]["status"], "complete")

    def test_an_interrupt_does_not_replace_a_whole_result(self):
        made = small_machine()
        made["load_ms"] = 300
        self.emulate(made)
        self.assertEqual(self.lab("test", "small").returncode, 0)
        before = self.results()["maker/small"]
        again = self.running("--again")
        again.errors.until(lambda line: "works: loaded in" in line)
        again.signal(signal.SIGINT)
        self.assertEqual(again.wait(), 130)
        self.assertEqual(self.results()["maker/small"], before)

    def test_a_full_disk_leaves_nothing_loaded(self):
        self.emulate(small_machine())
        for blocks in range(64, 144, 8):
            registry = self.folder / f"full-{blocks}" / "registry.db"
            done = subprocess.run(
                ["bash", "-c", f"trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"", "bash", BINARY,
                 "lab", "test", "--all", "--registry", str(registry), "--upstream", self.url],
                env=clean_environment({"SECONDWIND_ADMIN_LISTEN": "off"}),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                check=False,
            )
            self.assertIn(done.returncode, (0, 1), done.stderr)
            self.assertEqual(self.loaded(), {}, f"{blocks}: {done.stderr}")

    def test_a_killed_run_is_cleaned_and_continued(self):
        made = small_machine()
        made["load_ms"] = 200
        self.emulate(made)
        first = self.running()
        first.errors.until(lambda line: "works: loaded in" in line)
        first.signal(signal.SIGKILL)
        first.wait()
        cleaned = self.lab("clean")
        self.assertEqual(cleaned.returncode, 0, cleaned.stderr)
        self.assertEqual(self.loaded(), {})
        self.assertEqual(self.lab("test", "--all").returncode, 0)

    def test_a_second_lab_on_the_same_host_ends_with_75(self):
        made = small_machine()
        made["load_ms"] = 500
        self.emulate(made)
        first = self.running()
        first.errors.until(lambda line: "works: loaded in" in line)
        second = self.lab("test", "--all")
        self.assertEqual(second.returncode, 75)
        self.assertIn(f"process {first.number()}", second.stderr)
        self.assertEqual(self.lab("restore").returncode, 75)
        self.assertEqual(first.wait(), 0)

    def test_a_model_that_works_nowhere_ends_with_3(self):
        self.emulate(small_machine(corrupt=True))
        done = self.lab("test", "--all")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(self.results()["maker/limited"]["status"], "failed")
        self.assertEqual(self.results()["maker/limited"]["limited_by"], "cache")

    def test_what_cannot_be_unloaded_makes_no_model_fail(self):
        made = small_machine(unload="stuck")
        made["models"].append({"key": "maker/later", "size_bytes": 5 * GB})
        self.emulate(made)
        done = self.lab("test", "--all", timeout=LONG)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("maker/limited could not be unloaded", done.stderr)
        found = self.results()
        self.assertEqual(found["maker/small"]["status"], "complete")
        for key in ("maker/limited", "maker/later"):
            self.assertEqual(found[key]["status"], "partial", found[key])

    def test_a_host_that_is_gone_is_waited_for_no_longer_than_it_says(self):
        made = small_machine()
        made["load_ms"] = 300
        host = self.emulate(made)
        lab = self.running("--wait", "1s")
        lab.errors.until(lambda line: "works: loaded in" in line)
        host.signal(signal.SIGKILL)
        lab.errors.until(lambda line: "the host did not come back in time" in line)
        self.assertEqual(lab.wait(), 1)
        self.assertFalse(any("could not be unloaded" in line for line in lab.errors.seen))

    def test_a_refused_token_ends_with_1(self):
        made = small_machine()
        made["api_token"] = "sk-lm-12345678:12345678901234567890"
        self.emulate(made)
        done = self.lab("test", "--all")
        self.assertEqual(done.returncode, 1)
        self.assertIn("token", done.stderr)

    def on_a_terminal(self, *arguments, typed=b""):
        """Exit code, and what a terminal shows. `typed` answers the first question."""
        parent, child = pty.openpty()
        with subprocess.Popen(
            [BINARY, *self.arguments(*arguments)],
            env=clean_environment({"SECONDWIND_ADMIN_LISTEN": "off"}),
            stdin=child, stdout=child, stderr=child,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        ) as running:
            os.close(child)
            shown = b""
            while True:
                try:
                    part = os.read(parent, 4096)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                shown += part
                if typed and b"[y/N]" in shown:
                    os.write(parent, typed)
                    typed = b""
            code = running.wait(PATIENCE)
        os.close(parent)
        return code, shown.decode()

    def test_an_interrupt_at_the_question_ends_with_130(self):
        made = small_machine()
        made["loaded"] = [{"model": "maker/small"}]
        self.emulate(made)
        code, shown = self.on_a_terminal("test", "--all", typed=b"\x03")
        self.assertEqual(code, 130, shown)
        self.assertEqual(list(self.loaded()), ["maker/small"])

    def test_a_terminal_gets_no_controls_from_a_name(self):
        made = small_machine()
        made["models"][1]["key"] = "red\x1b[31m"
        self.emulate(made)
        code, shown = self.on_a_terminal("test", "red")
        self.assertEqual(code, 0, shown)
        self.assertIn("red\\u001b[31m: trying", shown)
        self.assertNotIn("\x1b[31m", shown)

    def test_a_terminal_shows_one_line_that_is_rewritten(self):
        self.emulate(small_machine())
        code, text = self.on_a_terminal("test", "--all")
        self.assertEqual(code, 0, text)
        self.assertIn("\r\x1b[K", text)
        stays = [part.split("\x1b[K")[-1] for part in text.split("\r\n")]
        self.assertTrue(any("maker/limited: works up to" in line for line in stays), text)
        self.assertFalse(any("trying" in line for line in stays), text)


class beside_a_proxy(lab):
    """The lab asks the secondwind in front of the host, and makes way for its requests."""

    def setUp(self):
        super().setUp()
        made = small_machine()
        made["load_ms"] = 300
        self.emulate(made)

    def serve(self, actions=True):
        file = self.folder / "secondwind.json"
        proxy = self.enterContext(process("serve", "-c", str(self.configure(file, actions, 0))))
        admin = proxy.event("admin_listening")["listen"]
        self.data = port_of(proxy.event("listening")["listen"])
        self.config = self.configure(file, actions, port_of(admin))
        return proxy

    def configure(self, file, actions, port):
        file.write_text(json.dumps({
            "listen": "127.0.0.1:0",
            "upstreams": [{"name": "rtx", "url": self.url}],
            "admin": {"listen": f"127.0.0.1:{port}", "allow_actions": actions},
            "log": {"format": "json"},
        }), encoding="utf-8")
        return file

    def arguments(self, verb, *more):
        return ["lab", verb, "-c", str(self.config), "--registry", str(self.registry), *more]

    def run_lab(self, *more):
        # The harness would move its admin listener.
        return self.enterContext(process(*self.arguments("test", "--all", *more),
                                         unset=("SECONDWIND_ADMIN_LISTEN",)))

    def chat(self, model):
        body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}]})
        return ask(self.data, "POST", "/v1/chat/completions", body,
                   {"Content-Type": "application/json"})

    def test_a_request_is_served_and_the_lab_goes_on_afterwards(self):
        proxy = self.serve()
        lab = self.run_lab("--quiet", "1s", "--yes")
        lab.errors.until(lambda line: "works: loaded in" in line)
        self.assertEqual(self.chat("maker/limited")[0], 200)
        lab.errors.until(lambda line: "making way for requests for maker/limited" in line)
        self.assertEqual(proxy.event("host_leased")["host"], "rtx")
        self.assertEqual(lab.wait(), 0, lab.errors.rest())
        found = self.results()
        self.assertEqual(found["maker/small"]["works"], 8192)
        self.assertGreater(found["maker/limited"]["works"], 17_000 - 1024)

    def test_a_killed_lab_keeps_nobody_waiting_and_leaves_nothing_loaded(self):
        proxy = self.serve()
        lab = self.run_lab("--yes")
        lab.errors.until(lambda line: "works: loaded in" in line)
        lab.signal(signal.SIGKILL)
        lab.wait()
        proxy.event("host_lease_ended")
        self.assertEqual(self.chat("maker/small")[0], 200)
        self.assertLessEqual(set(self.loaded()), {"maker/small"})

    def test_without_actions_the_lab_says_what_to_do(self):
        self.serve(actions=False)
        lab = self.run_lab()
        self.assertEqual(lab.wait(), 1)
        self.assertIn("admin.allow_actions", "".join(lab.errors.rest()))


class registry(lab):
    def test_health_backup_damage_and_restore(self):
        self.emulate(small_machine())
        self.assertEqual(self.lab("test", "small").returncode, 0)
        self.assertEqual(self.lab("health", "--verbose").returncode, 0)
        backup = self.lab("backup").stdout.strip()
        self.assertTrue(Path(backup).is_file())
        data = bytearray(self.registry.read_bytes())
        data[:] = b"\xa5" * len(data)
        self.registry.write_bytes(data)
        broken = self.lab("list")
        self.assertEqual(broken.returncode, 1)
        self.assertIn("secondwind lab restore latest", broken.stderr)
        self.assertEqual(self.lab("health").returncode, 1)
        self.assertEqual(self.lab("test", "--all").returncode, 1)
        self.assertEqual(self.lab("restore", "latest").returncode, 0)
        self.assertEqual(self.results()["maker/small"]["works"], 8192)

    def test_missing_models_are_kept_until_they_are_forgotten(self):
        with self.emulate(small_machine()):
            self.assertEqual(self.lab("test", "--all").returncode, 0)
            address = self.url
        less = small_machine()
        del less["models"][0]
        self.emulate(less)
        with sqlite3.connect(self.registry) as database:
            database.execute("UPDATE host SET url=? WHERE url=?", (self.url, address))
        self.assertEqual(self.lab("scan").returncode, 0)
        self.assertNotIn("maker/limited", self.lab("list").stdout)
        self.assertIn("maker/limited", self.lab("list", "--missing").stdout)
        self.assertEqual(self.lab("forget", "--missing", "--yes").returncode, 0)
        self.assertNotIn("maker/limited", self.lab("list", "--missing").stdout)

    def test_an_export_of_lmstrix_can_be_imported(self):
        self.emulate(small_machine())
        self.assertEqual(self.lab("test", "--all").returncode, 0)
        file = self.folder / "lmstrix.json"
        self.assertEqual(self.lab("export", "--format", "lmstrix", str(file)).returncode, 0)
        self.assertIn("maker/small", file.read_text(encoding="utf-8"))
        self.assertIn("maker/small", self.lab("export", "--format", "csv").stdout)
        imported = self.lab("import", str(file))
        self.assertEqual(imported.returncode, 0, imported.stderr)
        self.assertIn("2 kept", imported.stdout)


class acceptance(lab):
    """57 models, 6 of them faulty, and a lab that is killed again and again."""

    def test_all_maxima_are_right_and_no_result_is_lost(self):
        made = machines.machine()
        self.emulate(made)
        by_hand = {key for key, config in self.loaded().items()}
        dice = random.Random(57)
        arguments = ("--yes", "--quiet", "0", "--load-timeout", "1s")
        kept = {}
        for _ in range(KILLS):
            running = self.enterContext(
                process(*self.arguments("test", "--all", *arguments),
                        env={"SECONDWIND_ADMIN_LISTEN": "off"})
            )
            for _ in range(dice.randint(1, 60)):
                running.errors.until(lambda line: line)
            running.signal(signal.SIGKILL)
            running.wait()
            found = {key: r["works"] for key, r in self.results().items()
                     if r and r["status"] == "complete"}
            self.assertEqual({key: found.get(key) for key in kept}, kept)
            kept = found
        done = self.lab("test", "--all", *arguments, timeout=LONG)
        self.assertEqual(done.returncode, 3, done.stderr[-4000:])
        results = self.results()
        self.assertEqual({key: results[key]["works"] for key in kept}, kept)
        sound = 0
        loads = 0
        for model in made["models"]:
            truth = machines.truth(made, model)
            result = results[model["key"]]
            with self.subTest(model["key"], truth=truth, result=result):
                if truth.most == 0:
                    self.assertIn(result["status"], ("failed", "skipped"))
                    continue
                self.assertEqual(result["status"], "complete")
                # A prompt is made of lines: where it is what counts, it may be a little shorter.
                spare = 64 if truth.limit in ("memory", "crash", "truncation") else 0
                self.assertLessEqual(result["works"], truth.most + spare)
                self.assertGreater(result["works"],
                                   truth.most - machines.tolerance(truth.most))
                sound += 1
                loads += result["loads"]
        self.assertEqual(sound, machines.SOUND)
        # Most loads go to those whose estimate is wrong, which crash or have holes.
        self.assertLessEqual(loads / sound, 8.5)
        manual = {instance: config for instance, config in self.loaded().items()}
        self.assertLessEqual(set(manual), by_hand)
        self.assertIn(made["loaded"][0]["model"], manual)
        self.assertEqual(self.lab("health").returncode, 0)


if __name__ == "__main__":
    unittest.main()
