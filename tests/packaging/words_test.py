"""The manual page and the shell completions against the program's own help."""

import functools
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from installed import BUILD, run

PROGRAM = Path(BUILD, "src", "secondwind")
PACKAGING = Path(__file__).parents[2] / "packaging"
COMPLETIONS = PACKAGING / "completions"


@functools.cache
def help_of(*verbs):
    ended = run(str(PROGRAM), *verbs, "--help")
    if ended.returncode:
        raise AssertionError(ended.stderr)
    return ended.stdout


def flags_of(*verbs):
    return set(re.findall(r"^  (?:-.,)?(--[a-z][a-z-]*)", help_of(*verbs), re.MULTILINE))


def verbs_below(*verbs):
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", help_of(*verbs), re.MULTILINE)
    return re.findall(r"^  ([a-z]+) ", listed.group(1), re.MULTILINE) if listed else []


def all_verbs():
    """Each verb as its words: ("serve",), with its subcommands."""
    found = []
    left = [(verb,) for verb in verbs_below()]
    while left:
        verbs = left.pop(0)
        found.append(verbs)
        left += [(*verbs, verb) for verb in verbs_below(*verbs)]
    return found


def all_flags():
    return flags_of().union(*(flags_of(*verbs) for verbs in all_verbs()))


class manual(unittest.TestCase):
    def setUp(self):
        self.page = Path(BUILD, "packaging", "secondwind.1")
        self.text = self.page.read_text().replace("\\-", "-")

    def section(self, title):
        found = re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH |\Z)", self.text, re.M | re.S)
        return found.group(1)

    def test_it_has_every_verb_and_no_other(self):
        described = re.findall(r"^\.B ([a-z ]+)$", self.section("VERBS"), re.MULTILINE)
        last = [" ".join(verbs) for verbs in all_verbs() if not verbs_below(*verbs)]
        self.assertEqual(sorted(described), sorted(last))

    def test_it_has_every_flag_and_no_other(self):
        flags = set(re.findall(r"--[a-z][a-z-]*", self.section("FLAGS")))
        self.assertEqual(flags, all_flags())

    def test_it_has_every_exit_code(self):
        codes = set()
        for verb in ([], ["lab", "test"]):
            codes |= set(re.findall(r"(\d+) [a-z]", help_of(*verb).split("Exit codes:")[1]))
        described = set(re.findall(r"^\.B (\d+)$", self.section("EXIT STATUS"), re.MULTILINE))
        self.assertEqual(described, codes)

    def test_it_has_the_version(self):
        # Without the commit, which the manual page does not tell.
        version = run(str(PROGRAM), "--version").stdout.partition(" (")[0].strip()
        self.assertIn(f'"{version}"', self.text.splitlines()[0])

    @unittest.skipUnless(shutil.which("man"), "there is no man")
    def test_man_gives_no_warning(self):
        ended = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(self.page))
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))


class completion(unittest.TestCase):
    def setUp(self):
        # The program is found by its name.
        self.path = f"{PROGRAM.parent}:{os.environ['PATH']}"

    def offered(self, *words):
        """The completions of the last word, by name."""
        raise NotImplementedError

    def check(self):
        self.assertEqual(self.offered(""), set(verbs_below()))
        self.assertEqual(self.offered("--"), flags_of())
        for verbs in all_verbs():
            with self.subTest(verbs=verbs):
                self.assertEqual(self.offered(*verbs, "--"), flags_of(*verbs))
                self.assertEqual(self.offered(*verbs, ""), set(verbs_below(*verbs)))
        logging = {"--log-file", "--log-format"}
        self.assertEqual(self.offered("--listen", "127.0.0.1:1", "--log-f"), logging)
        self.assertEqual(self.offered("--log-level", "de"), {"debug"})
        self.assertEqual(self.offered("serve", "--log-format", ""), {"auto", "json", "text"})
        formats = {"csv", "json", "lmstrix"}
        self.assertEqual(self.offered("lab", "export", "--format", ""), formats)
        self.assertEqual(self.offered("lab", "test", "--kv-on-gpu", "o"), {"off", "on"})
        self.assertEqual(self.offered("--listen", ""), set())
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "mine.json").touch()
            for verbs, flag in ((), "-c"), (("lab", "list"), "--registry"):
                offered = self.offered(*verbs, flag, f"{folder}/mi")
                self.assertEqual(offered, {f"{folder}/mine.json"})


class bash(completion):
    def offered(self, *words):
        script = f"""
            source {COMPLETIONS / "secondwind.bash"}
            COMP_WORDS=(secondwind "$@") COMP_CWORD=$#
            _secondwind
            printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        ended = run("bash", "-c", script, "bash", *words, env={"PATH": self.path})
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        return set(ended.stdout.split())

    def test_it_offers_all_verbs_and_flags(self):
        self.check()


@unittest.skipUnless(shutil.which("zsh"), "there is no zsh")
class zsh(completion):
    def offered(self, *words):
        # Its completion system needs a terminal, so this collects the candidates before it would
        # filter them by the word.
        script = f"""
            _describe() {{ print -rl -- ${{(P)2}} }}
            _files() {{ print -rl -- $words[CURRENT]*(N) }}
            words=(secondwind "$@") CURRENT=$(($# + 1))
            source {COMPLETIONS / "_secondwind"}
        """
        ended = run("zsh", "-f", "-c", script, "zsh", *words, env={"PATH": self.path})
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        names = {line.partition(":")[0] for line in ended.stdout.splitlines()}
        return {name for name in names if name and name.startswith(words[-1])}

    def test_it_offers_all_verbs_and_flags(self):
        self.check()


@unittest.skipUnless(shutil.which("fish"), "there is no fish")
class fish(completion):
    def offered(self, *words):
        script = f"source {COMPLETIONS / 'secondwind.fish'}; complete -C (string join ' ' -- $argv)"
        with tempfile.TemporaryDirectory() as home:
            ended = run(
                "fish",
                "--no-config",
                "-c",
                script,
                "secondwind",
                *words,
                env={"PATH": self.path, "HOME": home, "XDG_DATA_DIRS": home},
            )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        return {line.partition("\t")[0] for line in ended.stdout.splitlines()}

    def test_it_offers_all_verbs_and_flags(self):
        self.check()


if __name__ == "__main__":
    unittest.main()
