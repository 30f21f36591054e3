"""What scripts/release.sh makes, with the executable of this build in place of those for other systems."""

import hashlib
import json
import os
import plistlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

from installed import BUILD, run, skip

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "build/artifacts"
DOWNLOADS = "https://example.org/secondwind/releases/download/v0"
RELEASE_PATIENCE = 200  # seconds


def version():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return text.partition("project(secondwind VERSION ")[2].split()[0]


def release(*arguments):
    return subprocess.run(
        [str(ROOT / "scripts/release.sh"), *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=RELEASE_PATIENCE, check=False)


def sums():
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in ARTEFACTS.iterdir()}


class a_release(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ended = release(version(), "--smoke", "--downloads", DOWNLOADS)
        if ended.returncode:
            raise AssertionError(ended.stdout + ended.stderr)
        cls.sums = sums()
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        name = next(name for name in cls.sums if "-linux-" in name)
        with tarfile.open(ARTEFACTS / name) as archive:
            archive.extractall(cls.folder, filter="data")
            cls.members = archive.getmembers()
        cls.unpacked = cls.folder / name.removesuffix(".tar.gz")

    def test_its_sums_are_those_of_its_files(self):
        ended = run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=ARTEFACTS)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertEqual(len(ended.stdout.splitlines()), len(self.sums) - 1)

    def test_made_again_it_has_the_same_bytes(self):
        ended = release(version(), "--smoke", "--downloads", DOWNLOADS)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(sums(), self.sums)

    def test_its_executable_runs_and_knows_the_commit(self):
        program = str(self.unpacked / "secondwind")
        # Not HEAD's: somebody may have committed after the build.
        built = run(str(Path(BUILD, "src/secondwind")), "--version").stdout
        self.assertRegex(built, rf"^secondwind {version()} \([0-9a-f]{{12}}\)\n$")
        self.assertEqual(run(program, "--version").stdout, built)
        checked = run(program, "check", "-c", str(self.unpacked / "secondwind.json"))
        self.assertEqual(checked.returncode, 0, checked.stderr)
        shown = run(program, "demo", "--once", "--listen", "127.0.0.1:0", "--admin", "off")
        self.assertEqual(shown.returncode, 0, shown.stderr)

    def test_no_file_in_the_archive_has_an_owner_or_may_be_written_by_others(self):
        for member in self.members:
            self.assertEqual((member.uid, member.gid, member.mode & 0o022), (0, 0, 0), member.name)

    def test_the_list_of_its_parts_is_complete_and_each_has_its_licence(self):
        document = json.loads((ARTEFACTS / f"secondwind-{version()}.spdx.json").read_text())
        names = {package["name"] for package in document["packages"]}
        self.assertLessEqual(
            {"boost1.81", "cli11", "fmtlib", "glibc", "nlohmann-json3", "openssl", "prometheus-cpp",
             "spdlog", "sqlite3", "sqlitecpp", "uplot", "zlib"}, names)
        self.assertFalse({"googletest", "python3.11"} & names)
        known = [package["SPDXID"] for package in document["packages"]]
        self.assertEqual(len(known), len(set(known)))
        for relation in document["relationships"]:
            self.assertIn(relation["relatedSpdxElement"], known)
        licences = {file.stem for file in (self.unpacked / "licences").iterdir()}
        names = {package["SPDXID"]: package["name"] for package in document["packages"]}
        archive = next(known for known, name in names.items() if "-linux-" in name)
        linked = {names[relation["relatedSpdxElement"]] for relation in document["relationships"]
                  if relation["spdxElementId"] == archive}
        self.assertEqual(licences, linked)

    def test_its_sources_know_their_commit_without_git(self):
        commit = run("git", "rev-parse", "HEAD", cwd=ROOT).stdout
        with tarfile.open(ARTEFACTS / f"secondwind-{version()}.tar.gz") as archive:
            inside = archive.extractfile(f"secondwind-{version()}/cmake/commit.txt")
            self.assertEqual(inside.read().decode(), commit)

    def test_a_manifest_names_the_file_and_its_sum(self):
        formula = (ARTEFACTS / "secondwind.rb").read_text(encoding="utf-8")
        name = f"secondwind-{version()}.tar.gz"
        self.assertIn(f'url "{DOWNLOADS}/{name}"', formula)
        self.assertIn(f'sha256 "{self.sums[name]}"', formula)
        self.assertIn('homepage "https://example.org/secondwind"', formula)
        for manifest in [*ARTEFACTS.glob("*.rb"), *ARTEFACTS.glob("*.yaml")]:
            self.assertNotIn("@URL@", manifest.read_text(encoding="utf-8"))


class a_manifest(unittest.TestCase):
    def test_for_windows_can_be_filled(self):
        templates = [*ROOT.glob("packaging/winget/*.in"), *ROOT.glob("packaging/scoop/*.in")]
        self.assertEqual(len(templates), 4)
        for template in templates:
            text = template.read_text(encoding="utf-8").replace("@VERSION@", version())
            left = set(part for part in text.split('"') if part.startswith("@"))
            self.assertLessEqual(left, {"@URL@", "@SHA256@", "@HOMEPAGE@"}, template.name)
            if template.suffixes[-2] == ".json":
                json.loads(text)

    def test_for_macos_starts_what_the_command_line_knows(self):
        manifest = plistlib.loads((ROOT / "packaging/macos/secondwind.plist").read_bytes())
        program = str(Path(BUILD, "src/secondwind"))
        verb = manifest["ProgramArguments"][1:]
        self.assertEqual(run(program, *verb, "--help").returncode, 0)
        checked = run(program, "check").stdout
        drain = next(line for line in checked.splitlines() if "drain" in line)
        self.assertIn("30s", drain)
        self.assertGreater(manifest["ExitTimeOut"], 30)


class a_wrong_call(unittest.TestCase):
    def test_with_another_version_is_refused(self):
        ended = release("99.0.0")
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f"CMakeLists.txt says version {version()}, not 99.0.0", ended.stderr)

    def test_without_a_version_tells_the_usage(self):
        ended = release()
        self.assertEqual(ended.returncode, 2)
        self.assertIn("scripts/release.sh VERSION", ended.stderr)


if __name__ == "__main__":
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        skip("a release is made from a git checkout")
    if Path(BUILD).resolve() != ROOT / "build/dev":
        skip("only the dev build takes the place of the release's")
    os.environ.pop("SOURCE_DATE_EPOCH", None)
    sys.exit(unittest.main())
