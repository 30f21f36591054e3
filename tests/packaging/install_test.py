"""Which files an installation puts in which place, and which it leaves alone."""

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from installed import BUILD, PATIENCE, install, run

# Below the prefix.
FILES = {
    "bin/secondwind",
    "lib/systemd/system/secondwind.service",
    "lib/systemd/system/secondwind.socket",
    "share/bash-completion/completions/secondwind",
    "share/doc/secondwind/CHANGELOG.md",
    "share/doc/secondwind/LICENSE",
    "share/doc/secondwind/README.md",
    "share/doc/secondwind/prometheus/alerts.yml",
    "share/fish/vendor_completions.d/secondwind.fish",
    "share/man/man1/secondwind.1",
    "share/secondwind/secondwind.json",
    "share/secondwind/secondwind.schema.json",
    "share/zsh/site-functions/_secondwind",
}
# A portable build brings the library that Debian has only as a shared one.
if "SECONDWIND_PORTABLE:BOOL=ON" in Path(BUILD, "CMakeCache.txt").read_text(encoding="utf-8"):
    FILES.add("lib/secondwind/libprometheus-cpp-core.so.1.0")
EXAMPLES = "share/doc/secondwind/examples/"
GUIDES = "share/doc/secondwind/docs/"


def files_of(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


class for_a_machine(unittest.TestCase):
    """With the prefix of a system package, into a folder that will become the root."""

    @classmethod
    def setUpClass(cls):
        cls.root = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        install("/usr", cls.root)

    def test_everything_is_in_its_place_and_nothing_else_exists(self):
        there = {
            name for name in files_of(self.root) if EXAMPLES not in name and GUIDES not in name
        }
        expected = {"usr/" + name for name in FILES} | {"etc/secondwind/secondwind.json"}
        self.assertEqual(there, expected)

    def test_the_guides_are_those_of_the_source(self):
        source = Path(__file__).resolve().parents[2] / "docs"
        self.assertIn("clients.md", files_of(source))
        self.assertEqual(files_of(Path(self.root, "usr", GUIDES)), files_of(source))

    def test_the_service_runs_what_was_installed(self):
        unit = Path(self.root, "usr/lib/systemd/system/secondwind.service").read_text()
        self.assertIn(
            "\nExecStart=/usr/bin/secondwind serve -c /etc/secondwind/secondwind.json\n", unit
        )
        self.assertNotIn("@", unit.replace("@system-service", "").replace("~@privileged @res", ""))

    def test_everyone_may_read_it_and_only_the_program_is_executable(self):
        for path in self.root.rglob("*"):
            mode = path.stat().st_mode & 0o777
            runs = path.is_dir() or path.name == "secondwind" and path.parent.name == "bin"
            self.assertEqual(mode, 0o755 if runs else 0o644, path)

    def test_an_edited_configuration_stays(self):
        configuration = Path(self.root, "etc/secondwind/secondwind.json")
        shipped = configuration.read_text()
        configuration.write_text("{}")
        self.assertIn(f"Kept as it is: {configuration}", install("/usr", self.root))
        self.assertEqual(configuration.read_text(), "{}")
        configuration.unlink()
        install("/usr", self.root)
        self.assertEqual(configuration.read_text(), shipped)


class anywhere(unittest.TestCase):
    """With any other prefix, the installed program runs with the installed configuration."""

    @classmethod
    def setUpClass(cls):
        cls.prefix = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        install(cls.prefix)
        cls.program = str(cls.prefix / "bin" / "secondwind")
        cls.configuration = str(cls.prefix / "etc" / "secondwind" / "secondwind.json")

    def test_the_configuration_is_below_it_and_the_service_knows(self):
        unit = Path(self.prefix, "lib/systemd/system/secondwind.service").read_text()
        self.assertIn(f"\nExecStart={self.program} serve -c {self.configuration}\n", unit)

    def test_the_program_accepts_the_configuration(self):
        ended = run(self.program, "check", "-c", self.configuration)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn(self.configuration, ended.stdout)

    def test_the_program_serves_and_ends(self):
        with subprocess.Popen(
            [self.program, "serve", "-c", self.configuration, "--log-format", "json"],
            env={
                **os.environ,
                "SECONDWIND_LISTEN": "127.0.0.1:0",
                "SECONDWIND_ADMIN_LISTEN": "127.0.0.1:0",
            },
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            try:
                while '"listening"' not in (line := child.stderr.readline()):
                    self.assertTrue(line, "it ended before it listened")
                child.send_signal(signal.SIGTERM)
                child.stderr.read()
                self.assertEqual(child.wait(PATIENCE), 0)
            finally:
                child.kill()


if __name__ == "__main__":
    unittest.main()
