"""docs/configuration.md is up to date with the schema, and agrees with the executable."""

import re
import subprocess
import sys
import unittest

from pages import ROOT, in_code, rows

sys.path.insert(0, str(ROOT / "tests" / "binary"))
from harness import run  # noqa: E402  (it needs the path above)

UNKNOWN = "there is no such setting"
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")


def documented():
    """Each key of the reference: (its variable or nothing, its flag or nothing)."""
    keys = {}
    for row in rows(PAGE):
        names = in_code(row[0])
        if len(row) != 4 or not names:
            continue
        variable = next((n for n in names if n.startswith("SECONDWIND_")), None)
        flag = next((n for n in names if n.startswith("--")), None)
        keys[names[0]] = (variable, flag)
    return keys


class configuration(unittest.TestCase):
    def test_it_is_what_the_schema_makes_of_it(self):
        script = ROOT / "scripts" / "config_reference.py"
        made = subprocess.run(
            [sys.executable, "-B", str(script), "--check"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)

    def test_it_has_every_key_that_holds(self):
        told = {line.split()[0] for line in run("check").stdout.splitlines()}
        self.assertGreater(len(told), 40)
        self.assertEqual(told - documented().keys(), set())

    def test_each_variable_is_known(self):
        seen = 0
        for key, (variable, _) in documented().items():
            if variable is None:
                continue
            with self.subTest(key=key):
                seen += 1
                # A value that no setting takes: but for the file's name, each complains of that.
                self.assertNotIn(UNKNOWN, run("check", env={variable: "\x01"}).stderr)
        self.assertGreater(seen, 40)
        self.assertIn(UNKNOWN, run("check", env={"SECONDWIND_LISTENX": "\x01"}).stderr)

    def test_each_flag_of_a_setting_is_told(self):
        known = set(re.findall(r"(--[a-z-]+)", run("--help").stdout))
        flags = {flag for _, flag in documented().values() if flag}
        self.assertEqual(flags, known - {"--help", "--version", "--config"})


if __name__ == "__main__":
    unittest.main()
