"""What the executable says and exits with, before it serves anything."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import (
    BINARY,
    PATIENCE,
    binary_test,
    clean_environment,
    closed_port,
    event_in,
    lines,
    process,
    run,
)

REFERENCE = Path(__file__).parents[2] / "config" / "secondwind.json"

# No machine has too few descriptors for them, which would be a line of the log.
FEW_CLIENTS = {"SECONDWIND_LIMITS_CONNECTIONS": "50"}


def names_of(tree, prefix=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from names_of(value, f"{prefix}{name}.")
        elif name != "token_file":  # another way to say the token
            yield prefix + name
        # A secret has a row of its own, because its list is shown without it.
        for item in value if isinstance(value, list) else ():
            yield from (f"{prefix}{name}[].{member}" for member in item if member == "api_token")


class command_line(binary_test):
    def file(self, text):
        path = Path(self.enterContext(tempfile.TemporaryDirectory()), "settings.json")
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_version_is_one_line_on_standard_output(self):
        ended = run("--version")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertRegex(ended.stdout, r"\Asecondwind \d+\.\d+\.\d+( \([0-9a-f]{12}\))?\n\Z")

    def test_verbs_do_what_the_flags_for_version_and_help_do(self):
        for verb, flag in (
            (["version"], ["--version"]),
            (["-v"], ["--version"]),
            (["help"], ["--help"]),
            (["help", "check"], ["check", "--help"]),
            (["help", "key", "new"], ["key", "new", "--help"]),
        ):
            with self.subTest(verb=verb):
                one, other = run(*verb), run(*flag)
                self.assertEqual((one.returncode, one.stdout), (0, other.stdout))
        ended = run("help", "chek")
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertIn('there is no verb "chek": did you mean check?', ended.stderr)

    def test_help_names_the_verbs_and_the_exit_codes(self):
        ended = run("--help")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        for word in ("serve", "demo", "check", "--listen", "--upstream", "78"):
            self.assertIn(word, ended.stdout)

    def test_each_verb_has_a_help_of_its_own(self):
        for verb in ("serve", "demo", "check"):
            with self.subTest(verb=verb):
                ended = run(verb, "--help")
                self.assertEqual(ended.returncode, 0)
                self.assertIn("--listen", ended.stdout)

    def test_an_unknown_flag_is_wrong_usage(self):
        ended = run("--speed", "9")
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertIn("--speed", ended.stderr)
        self.assertIn("--help", ended.stderr)

    def test_an_unknown_verb_is_wrong_usage(self):
        self.assertEqual(run("dance").returncode, 2)

    def test_a_faulty_file_is_named_with_line_and_column_and_nothing_starts(self):
        path = self.file('{\n    "listen": "127.0.0.1:0",\n    "recovery": {"evict": "some"}\n}\n')
        ended = run("-c", path)
        self.assertEqual((ended.returncode, ended.stdout), (78, ""))
        self.assertIn(f"{path}:3:", ended.stderr)
        self.assertRegex(ended.stderr, re.escape(path) + r":3:\d+: recovery\.evict: ")
        self.assertNotIn("listening", ended.stderr)

    def test_check_loads_the_files_that_are_named_and_tells_all_mistakes(self):
        path = self.file(
            '{"tls": {"certificate_file": "/nonexistent/c.pem", "key_file": "/nonexistent/k.pem"},\n'
            '"upstreams": [{"url": "https://h:1", "ca_file": "' + str(REFERENCE) + '"}],\n'
            '"recovery": {"evict": "some", "mod": "on"}}\n'
        )
        for verb in ("check", "serve"):
            with self.subTest(verb=verb):
                ended = run(verb, "-c", path)
                self.assertEqual((ended.returncode, ended.stdout), (78, ""))
                told = ended.stderr.splitlines()
                self.assertEqual(len(told), 5, ended.stderr)
                for line in told:
                    self.assertTrue(line.startswith(f"secondwind: {path}:"), line)
                for words in (
                    ':3:23: recovery.evict: expected',
                    'did you mean "recovery.mode"?',
                    ':1:30: tls.certificate_file: the certificate file "/nonexistent/c.pem" '
                    "cannot be read: No such file or directory",
                    '"/nonexistent/k.pem" cannot be read: No such file or directory',
                    "does not contain a PEM certificate",
                ):
                    self.assertIn(words, ended.stderr)

    def test_check_notes_what_is_ignored(self):
        ended = run("check", "--listen", "localhost:1235", "--upstream", "gpu-box:1234/v1")
        self.assertEqual(ended.returncode, 0)
        self.assertRegex(ended.stderr, r"\Asecondwind: note: --upstream: the /v1 [^\n]+\n\Z")
        self.assertIn("default=http://gpu-box:1234 ", ended.stdout)

    def test_an_unknown_key_is_answered_with_the_nearest_one(self):
        ended = run("check", "-c", self.file('{"recovery": {"evikt": "all"}}'))
        self.assertEqual(ended.returncode, 78)
        self.assertIn("recovery.evict", ended.stderr)

    def test_an_unknown_variable_is_answered_with_the_nearest_one(self):
        ended = run("check", env={"SECONDWIND_LISTN": "127.0.0.1:0"})
        self.assertEqual(ended.returncode, 78)
        self.assertIn("SECONDWIND_LISTEN", ended.stderr)

    def test_a_file_that_is_not_there_is_a_fault_of_the_configuration(self):
        ended = run("-c", "/nonexistent/settings.json")
        self.assertEqual(ended.returncode, 78)
        self.assertIn("/nonexistent/settings.json", ended.stderr)
        self.assertIn("No such file or directory", ended.stderr)

    def test_check_prints_every_key_with_its_default(self):
        ended = run("check")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        rows = [line.split() for line in ended.stdout.splitlines()]
        text = REFERENCE.read_text(encoding="utf-8")
        reference = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
        self.assertEqual([row[0] for row in rows], list(names_of(reference)))
        self.assertEqual({row[-1] for row in rows}, {"default"})

    def test_check_accepts_the_reference_file(self):
        ended = run("check", "-c", str(REFERENCE))
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_check_tells_where_each_value_comes_from(self):
        path = self.file('{"limits": {"fields": 50},\n "recovery": {"evict": "all"}}\n')
        ended = run(
            "check",
            "-c",
            path,
            "--log-level",
            "warn",
            env={"SECONDWIND_RECOVERY_EVICT": "idle", "SECONDWIND_LOG_LEVEL": "debug"},
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        rows = {line.split()[0]: line.split()[1:] for line in ended.stdout.splitlines()}
        self.assertEqual(rows["limits.fields"], ["50", f"{path}:1"])
        self.assertEqual(rows["recovery.evict"], ["idle", "SECONDWIND_RECOVERY_EVICT"])
        self.assertEqual(rows["log.level"], ["warn", "--log-level"])

    def rows_of(self, *arguments, env=None):
        ended = run("check", *arguments, env=env)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertNotIn("sk-lm", ended.stdout)
        return {line.split()[0]: line.split()[1:] for line in ended.stdout.splitlines()}

    def test_check_masks_a_token_and_tells_where_it_comes_from(self):
        secret = "sk-lm-abcdefgh:0123456789"
        key = "upstreams[].api_token"
        host = "http://127.0.0.1:1"
        variable = "SECONDWIND_UPSTREAM_API_TOKEN"
        token_file = self.file(secret + "\nsecond line\n")
        own = self.file(
            f'{{"upstreams": [{{\n"url": "{host}",\n"api_token": "{secret}"}}]}}'
        )
        own_file = self.file(
            f'{{"upstreams": [{{"url": "{host}",\n"api_token_file": "{token_file}"}}]}}'
        )
        self.assertEqual(self.rows_of()[key], ["default"])
        self.assertEqual(self.rows_of("-c", own)[key], ["***", f"{own}:3"])
        self.assertEqual(self.rows_of("-c", own)["upstreams"], [f"default={host}", f"{own}:1"])
        self.assertEqual(self.rows_of("-c", own_file)[key], ["***", f"{own_file}:2"])
        shared = {variable: secret}
        self.assertEqual(self.rows_of(env=shared)[key], ["***", variable])
        self.assertEqual(self.rows_of("-c", own, env=shared)[key], ["***", f"{own}:3"])
        # Another upstream has no part in the token of the one before.
        flags = ("-c", own, "--upstream", "http://127.0.0.1:2")
        self.assertEqual(self.rows_of(*flags)[key], ["default"])
        self.assertEqual(self.rows_of(*flags, env=shared)[key], ["***", variable])
        in_file = {f"{variable}_FILE": token_file}
        self.assertEqual(self.rows_of(env=in_file)[key], ["***", f"{variable}_FILE"])

    def test_a_token_that_cannot_be_used_is_never_shown(self):
        variable = "SECONDWIND_UPSTREAM_API_TOKEN"
        for env in (
            {variable: "sk-lm secret"},
            {variable: "sk-lm\tsecret"},
            {f"{variable}_FILE": self.file("sk-lm secret\n")},
            # A token where a file name belongs, a directory, and nothing to read.
            {f"{variable}_FILE": "sk-lm-secret"},
            {f"{variable}_FILE": tempfile.gettempdir()},
            {f"{variable}_FILE": self.file("")},
            {variable: "sk-lm-secret", f"{variable}_FILE": self.file("sk-lm-secret")},
        ):
            with self.subTest(env=env):
                ended = run("check", env=env)
                self.assertEqual((ended.returncode, ended.stdout), (78, ""))
                self.assertIn(variable, ended.stderr)
                self.assertNotIn("sk-lm", ended.stderr)
                self.assertNotIn("secret", ended.stderr)

    def test_a_token_is_in_no_line_of_the_log(self):
        with closed_port() as port:
            proxy, _ = self.serving(
                f"http://127.0.0.1:{port}",
                env={
                    "SECONDWIND_UPSTREAM_API_TOKEN": "sk-lm-secret",
                    "SECONDWIND_LOG_LEVEL": "debug",
                },
            )
            proxy.signal(signal.SIGINT)
            self.assertEqual(proxy.wait(), 0)
        self.assertNotIn("sk-lm", "\n".join(proxy.errors.rest()))

    def test_check_shows_lists_as_the_environment_takes_them(self):
        rules = '[{"match":"no*vram","verdict":"insufficient_memory","status":400}]'
        path = self.file(f'{{"recovery": {{"pinned": ["qwen/*", "b?"],\n"rules": {rules}}}}}')
        rows = self.rows_of("-c", path)
        self.assertEqual(rows["recovery.pinned"], ["qwen/*,b?", f"{path}:1"])
        self.assertEqual(rows["recovery.rules"], [rules, f"{path}:2"])
        again = {
            "SECONDWIND_RECOVERY_PINNED": rows["recovery.pinned"][0],
            "SECONDWIND_RECOVERY_RULES": rows["recovery.rules"][0],
        }
        rows = self.rows_of(env=again)
        self.assertEqual(rows["recovery.pinned"], ["qwen/*,b?", "SECONDWIND_RECOVERY_PINNED"])
        self.assertEqual(rows["recovery.rules"], [rules, "SECONDWIND_RECOVERY_RULES"])

    def test_a_faulty_rule_is_named_with_its_place(self):
        path = self.file(
            '{"recovery": {"rules": [\n  {"match": "a", "verdict": "insuficient_memory"}]}}'
        )
        ended = run("check", "-c", path)
        self.assertEqual((ended.returncode, ended.stdout), (78, ""))
        self.assertIn(f"{path}:2:29: recovery.rules[0].verdict: ", ended.stderr)
        self.assertIn('did you mean "insufficient_memory"?', ended.stderr)

    def test_a_configuration_that_is_a_directory_cannot_be_read(self):
        ended = run("check", "-c", tempfile.gettempdir())
        self.assertEqual(ended.returncode, 78)
        self.assertIn("cannot be read: Is a directory", ended.stderr)

    def test_a_port_in_use_is_told_in_a_sentence(self):
        taken = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for verb in (["serve"], ["demo", "--once"]):
            with self.subTest(verb=verb):
                ended = run(*verb, "--listen", address)
                self.assertEqual(ended.returncode, 1)
                self.assertIn(f"cannot listen on {address}", ended.stderr)
                self.assertIn("--listen", ended.stderr)

    def test_a_log_file_that_cannot_be_opened_stops_the_start(self):
        with closed_port() as port:
            ended = run(
                *("--upstream", f"http://127.0.0.1:{port}", "--listen", "127.0.0.1:0"),
                *("--log-file", "/dev/null/secondwind.log"),
            )
        self.assertEqual(ended.returncode, 1)
        self.assertIn("/dev/null/secondwind.log", ended.stderr)

    def test_check_says_which_files_could_not_be_written_and_makes_none(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        ledger = folder / "missing" / "ledger.jsonl"
        cases = (
            ("/dev/null/secondwind.log", str(ledger)),
            (str(folder), str(folder)),
        )
        for log, ledger_file in cases:
            with self.subTest(log=log):
                env = {"SECONDWIND_RECOVERY_LEDGER_FILE": ledger_file}
                ended = run("check", "--log-file", log, env=env)
                self.assertEqual(ended.returncode, 0)
                self.assertRegex(ended.stderr, r"warning: \S*log-file: .* would not start\n")
                self.assertIn(f'"{ledger_file}" cannot be', ended.stderr)
        ended = run(
            *("check", "--log-file", str(folder / "new" / "secondwind.log")),
            env={"SECONDWIND_RECOVERY_LEDGER_FILE": str(folder / "ledger.jsonl")},
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertEqual(list(folder.iterdir()), [])

    def test_a_signal_right_after_the_start_ends_it_cleanly(self):
        with closed_port() as port:
            proxy, _ = self.serving(f"http://127.0.0.1:{port}")
            proxy.signal(signal.SIGINT)
            self.assertEqual(proxy.wait(), 0)


class log_forms(binary_test):
    def setUp(self):
        self.upstream = f"http://127.0.0.1:{self.enterContext(closed_port())}"

    def stopped(self, proxy):
        proxy.signal()
        self.assertEqual(proxy.wait(), 0)
        return proxy.errors.rest()

    def test_logs_are_json_lines_where_there_is_no_terminal(self):
        proxy, _ = self.serving(self.upstream, env=FEW_CLIENTS)
        events = [json.loads(line) for line in self.stopped(proxy)]
        told = [e["event"] for e in events]
        self.assertEqual(told, ["admin_listening", "listening", "draining", "stopped"])
        for event in events:
            self.assertRegex(event["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual(event["level"], "info")

    def test_logs_are_text_where_that_is_asked_for(self):
        proxy = self.enterContext(
            process(
                *("--listen", "127.0.0.1:0", "--upstream", self.upstream),
                *("--log-format", "text", "--admin", "off"),
                env=FEW_CLIENTS,
            )
        )
        proxy.errors.until(lambda line: "listening" in line)
        for line in self.stopped(proxy):
            self.assertRegex(line, r"^\S+Z info  (listening|draining|stopped)\b")

    def test_logs_are_text_on_a_terminal(self):
        ours, theirs = os.openpty()
        with open(ours, encoding="utf-8", newline="\n") as terminal:
            proxy = subprocess.Popen(
                [
                    *(BINARY, "--listen", "127.0.0.1:0", "--upstream", self.upstream),
                    *("--admin", "off"),
                ],
                env=clean_environment(FEW_CLIENTS),
                stdin=subprocess.DEVNULL,
                stderr=theirs,
            )
            os.close(theirs)
            line = terminal.readline()
            proxy.send_signal(signal.SIGTERM)
            self.assertEqual(proxy.wait(PATIENCE), 0)
        self.assertRegex(line, r"\A\S+Z info  listening listen=127\.0\.0\.1:")

    def test_logs_go_to_the_file_that_is_named(self):
        # A pipe with a name is a file that tells when it was written to.
        path = str(Path(self.enterContext(tempfile.TemporaryDirectory()), "log"))
        os.mkfifo(path)
        with process(
            *("--listen", "127.0.0.1:0", "--upstream", self.upstream, "--log-file", path)
        ) as proxy:
            with open(path, encoding="utf-8") as stream:
                log = lines(stream)
                log.until(lambda line: event_in(line, "listening"))
                proxy.signal()
                log.until(lambda line: event_in(line, "stopped"))
                self.assertEqual(proxy.wait(), 0)
            self.assertEqual(proxy.errors.rest(), [])


if __name__ == "__main__":
    unittest.main()
