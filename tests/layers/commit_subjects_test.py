#!/usr/bin/env python3
"""That scripts/commit_subjects.sh and scripts/base_commit.sh look at the right commits, in a clone of
a branch, in a fresh clone and in a shallow one."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"
TOO_LONG = "Write a subject that goes on and on until no terminal shows it in one line"
IDENTITY = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]


class Repository:
    def __init__(self, path):
        self.path = path

    def run(self, *command):
        return subprocess.run(
            command, cwd=self.path, capture_output=True, text=True, timeout=60, check=False
        )

    def git(self, *arguments):
        done = self.run("git", *IDENTITY, *arguments)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def commit(self, subject):
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def base(self):
        done = self.run("scripts/base_commit.sh")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def bad_subjects(self):
        """What is complained of, line by line; none where the check passes."""
        done = self.run("scripts/commit_subjects.sh")
        return [] if done.returncode == 0 else done.stderr.splitlines()[1:]


class CommitSubjects(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.origin = Repository(self.folder / "origin")
        (self.origin.path / "scripts").mkdir(parents=True)
        self.origin.git("init", "-q", "-b", "main")
        self.origin.commit(TOO_LONG + " of old")
        for name in ("commit_subjects.sh", "base_commit.sh"):
            shutil.copy(SCRIPTS / name, self.origin.path / "scripts")
        self.origin.git("add", ".")
        self.origin.commit("Check the subjects of commits")

    def clone(self, *options):
        path = self.folder / "clone"
        self.origin.git("clone", "-q", *options, self.origin.path.as_uri(), str(path))
        return Repository(path)

    def test_takes_72_characters_and_no_more(self):
        clone = self.clone()
        clone.commit("ä" * 72)
        self.assertEqual(clone.bad_subjects(), [])
        clone.commit("ä" * 73)
        self.assertEqual(len(clone.bad_subjects()), 1)

    def test_takes_no_full_stop(self):
        clone = self.clone()
        clone.commit("End a subject with a full stop.")
        self.assertEqual(len(clone.bad_subjects()), 1)

    def test_leaves_commits_from_before_the_check_alone(self):
        self.assertEqual(self.clone().bad_subjects(), [])

    def test_looks_at_a_branch_from_where_it_left_main(self):
        self.origin.commit(TOO_LONG)
        clone = self.clone()
        left = clone.git("rev-parse", "HEAD")
        clone.commit("Change something")
        self.assertEqual(clone.base(), left)
        self.assertEqual(clone.bad_subjects(), [])

    def test_looks_at_20_commits_of_a_fresh_clone(self):
        self.origin.commit(TOO_LONG)
        base = self.origin.git("rev-parse", "HEAD")
        self.origin.commit(TOO_LONG + " again")
        for number in range(19):
            self.origin.commit(f"Change {number}")
        clone = self.clone()
        self.assertEqual(clone.base(), base)
        self.assertEqual([line.partition(" ")[2] for line in clone.bad_subjects()],
                         [TOO_LONG + " again"])

    def test_looks_at_what_a_shallow_clone_has(self):
        self.origin.commit(TOO_LONG)
        self.origin.commit("Change something")
        clone = self.clone("--depth", "2")
        self.assertEqual(clone.base(), "")
        self.assertEqual([line.partition(" ")[2] for line in clone.bad_subjects()], [TOO_LONG])

    def test_has_nothing_to_check_without_a_history(self):
        clone = self.clone()
        shutil.rmtree(clone.path / ".git")
        self.assertEqual(clone.base(), "")
        self.assertEqual(clone.bad_subjects(), [])


if __name__ == "__main__":
    if shutil.which("git") is None:
        sys.exit(77)
    unittest.main()
