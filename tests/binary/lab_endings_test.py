"""How a run of `secondwind lab` ends, and what it leaves on the host then."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import unittest

from harness import BINARY, PATIENCE, clean_environment, process
from lab_fixture import GB, LONG, lab, small_machine


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


if __name__ == "__main__":
    unittest.main()
