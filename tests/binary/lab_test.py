"""`secondwind lab` against an emulated LM Studio, from outside: what it finds, what it keeps and
what it makes of others' models and requests."""

import json
import signal
import sqlite3
import subprocess
import unittest
from pathlib import Path

from harness import (
    BINARY, PATIENCE, ask, clean_environment, closed_port, event_in, port_of, process, run,
)
from lab_fixture import lab, small_machine

ROOT = Path(__file__).resolve().parents[2]


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

    def test_a_model_that_cannot_be_kept_is_told(self):
        made = small_machine()
        made["models"].append({"key": "x" * 1025, "size_bytes": 1_000_000})
        self.emulate(made)
        note = "left out of the host's list: 1 model whose type is not known, or whose key is not"
        scanned = self.lab("scan")
        self.assertEqual((scanned.returncode, scanned.stdout), (0, "default: 2 models\n"))
        self.assertIn(note, scanned.stderr)
        planned = self.lab("test", "--all", "--dry-run")
        self.assertEqual(planned.returncode, 0, planned.stderr)
        self.assertIn(note, planned.stderr)

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
            ("export", "--format", "xml"), ("test", "--all", "--host", "other"), ("scan", "--json"),
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

    def test_an_instance_comes_back_under_its_own_identifier(self):
        made = small_machine()
        made["loaded"] = [
            {"model": "maker/small", "context_length": 2048, "identifier": "mine"},
            {"model": "maker/small", "context_length": 4096},
        ]
        self.emulate(made)
        done = self.lab("test", "limited", "--yes", "--quiet", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        after = self.loaded()
        self.assertEqual(sorted(after), ["maker/small", "mine"])
        self.assertEqual(after["mine"]["context_length"], 2048)
        self.assertEqual(after["maker/small"]["context_length"], 4096)

    def test_with_keep_all_stays_and_results_say_so(self):
        made = small_machine()
        made["loaded"] = [{"model": "maker/small", "context_length": 4096}]
        self.emulate(made)
        done = self.lab("test", "limited", "--keep")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(self.loaded()), ["maker/small"])
        self.assertEqual(self.results()["maker/limited"]["beside"], ["maker/small"])


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

    def test_two_labs_with_their_own_registries_take_turns(self):
        proxy = self.serve()
        first = self.run_lab("--yes")
        first.errors.until(lambda line: "works: loaded in" in line)
        self.registry = self.folder / "another" / "registry.db"
        second = self.run_lab("--yes")
        self.assertEqual(first.wait(), 0, first.errors.rest())
        self.assertEqual(second.wait(), 0, second.errors.rest())
        self.assertEqual(self.results()["maker/small"]["status"], "complete")
        for _ in range(2):
            turn = proxy.errors.until(
                lambda line: event_in(line, "host_leased") or event_in(line, "host_lease_ended")
            )
            self.assertEqual(turn["event"], "host_leased")
            proxy.event("host_lease_ended")

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


if __name__ == "__main__":
    unittest.main()
