"""The Debian package in both its forms: with the system's libraries, and with every library in the
executable, as for another processor. The executable of this build takes the place of the release's."""

import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from installed import BUILD, run, skip

STATIC = {"CPACK_DEBIAN_PACKAGE_ARCHITECTURE": "arm64", "CPACK_DEBIAN_PACKAGE_SHLIBDEPS": "OFF"}
# What both forms have.
FILES = {
    "./etc/secondwind/secondwind.json", "./usr/lib/systemd/system/secondwind.service",
    "./usr/bin/secondwind", "./usr/share/bash-completion/completions/secondwind",
    "./usr/share/doc/secondwind/changelog.Debian.gz", "./usr/share/doc/secondwind/copyright",
    "./usr/share/lintian/overrides/secondwind", "./usr/share/man/man1/secondwind.1.gz",
}


class package:
    def __init__(self, folder, **variables):
        chosen = [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
        ended = run("cpack", "-G", "DEB", "-B", str(folder), *chosen, cwd=BUILD)
        if ended.returncode:
            raise AssertionError(ended.stdout + ended.stderr)
        (self.file,) = Path(folder).glob("*.deb")
        listed = run("dpkg-deb", "--contents", str(self.file)).stdout.splitlines()
        self.names = {line.split()[5] for line in listed}
        self.owners = {line.split()[1] for line in listed}

    def field(self, name):
        return run("dpkg-deb", "--field", str(self.file), name).stdout.strip()

    def control(self, name):
        return run("dpkg-deb", "--info", str(self.file), name).stdout

    def text(self, name):
        with tempfile.TemporaryDirectory() as folder:
            run("dpkg-deb", "--extract", str(self.file), folder)
            return Path(folder, name).read_text(encoding="utf-8")


class a_package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        licences = folder / "licences"
        licences.mkdir()
        (licences / "openssl.txt").write_text("Apache-2.0\n", encoding="utf-8")
        cls.usual = package(folder / "usual")
        cls.static = package(
            folder / "static", CPACK_SECONDWIND_DEBIAN_LICENCES=licences, **STATIC)

    def test_is_for_one_processor_and_names_the_libraries_that_it_loads(self):
        machine = run("dpkg", "--print-architecture").stdout.strip()
        self.assertEqual(self.usual.field("Architecture"), machine)
        self.assertIn("libc6", self.usual.field("Depends"))
        self.assertEqual(self.static.field("Architecture"), "arm64")
        self.assertEqual(self.static.field("Depends"), "init-system-helpers (>= 1.54~)")
        self.assertTrue(self.static.file.name.endswith("_arm64.deb"))

    def test_has_the_same_files_and_scripts_in_both_forms(self):
        for each in self.usual, self.static:
            self.assertLessEqual(FILES, each.names)
            self.assertEqual(each.owners, {"root/root"})
            self.assertEqual(each.control("conffiles"), "/etc/secondwind/secondwind.json\n")
            for script in "postinst", "prerm", "postrm":
                self.assertEqual(each.control(script), self.usual.control(script))
                self.assertTrue(each.control(script).startswith("#!/bin/sh"))
        beyond = {name for name in self.static.names - self.usual.names if not name.endswith("/")}
        self.assertEqual(beyond, {"./usr/share/doc/secondwind/licences/openssl.txt"})

    def test_says_whose_work_is_in_it(self):
        name = "usr/share/doc/secondwind/copyright"
        usual, static = self.usual.text(name), self.static.text(name)
        self.assertIn("libprometheus-cpp", usual)
        self.assertNotIn("libprometheus-cpp", static)
        self.assertNotIn("/usr/share/doc/secondwind/licences", usual)
        self.assertIn(" /usr/share/doc/secondwind/licences", static.replace("\n ", " "))
        for text in usual, static:
            # Paragraphs of Debian's format: each line is a field, goes on with one, or is empty.
            for line in text.splitlines():
                self.assertRegex(line, r"\A( \S.*|[A-Z][A-Za-z-]*: \S.*|)\Z")
            self.assertEqual(text.count("License: Apache-2.0\n"), 2)


if __name__ == "__main__":
    for tool in "cpack", "dpkg-deb", "dpkg-shlibdeps":
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    sys.exit(unittest.main())
