"""Whether recoveries will work: what `doctor` and the state of a host say of real servers."""

import json
import pathlib
import re
import tempfile
import unittest

from harness import binary_test, closed_port, process, run

BIG, SMALL = "qwen/qwen3-coder-30b", "google/gemma-3-12b"  # of the demo; one fits at a time


class doctor(binary_test):
    def emulated(self):
        """The URL of the demo's LM Studio, after its story."""
        told = self.enterContext(process("demo", "--listen", "127.0.0.1:0", "--admin", "off"))
        port = told.output.until(lambda line: re.search(r"listens on http://127\.0\.0\.1:(\d+)", line))[1]
        told.output.until(lambda line: "Ctrl-C" in line)
        return f"http://127.0.0.1:{port}"

    def report(self):
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "report.json")

    def test_it_finds_that_recovery_will_work(self):
        ended = run("doctor", "--upstream", self.emulated())
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended.stdout)
        self.assertTrue(ended.stdout.endswith("Recovery will work here.\n"), ended.stdout)

    def test_it_finds_that_nothing_listens(self):
        port = self.enterContext(closed_port())
        ended = run("doctor", "--json", "--upstream", f"http://127.0.0.1:{port}")
        self.assertEqual((ended.returncode, ended.stderr), (1, ""))
        found = json.loads(ended.stdout)
        self.assertFalse(found["recovery_works"])
        self.assertIn("reachable", [each["check"] for each in found["findings"]])

    def test_a_trial_provokes_a_recovery_and_saves_what_lm_studio_said(self):
        file = self.report()
        ended = run(
            *("doctor", "--try", BIG, SMALL, "--yes", "--report", str(file)),
            *("--upstream", self.emulated()),
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertRegex(ended.stdout, "The trial worked: .* secondwind unloaded")
        self.assertIn(str(file), ended.stdout)
        report = json.loads(file.read_text())
        self.assertEqual([each["outcome"] for each in report["recoveries"]], ["recovered"])
        verdicts = [each["verdict"] for each in report["answers"]]
        self.assertIn("load_refused", verdicts)
        self.assertEqual(report["answers"][-2]["head"][0], "HTTP/1.1 200 OK")

    def test_a_trial_needs_a_confirmation(self):
        file = self.report()
        port = self.enterContext(closed_port())
        ended = run(
            *("doctor", "--try", BIG, SMALL, "--report", str(file)),
            *("--upstream", f"http://127.0.0.1:{port}"),
        )
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertIn("use --yes", ended.stderr)
        self.assertFalse(file.exists())


if __name__ == "__main__":
    unittest.main()
