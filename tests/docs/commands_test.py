"""Each command of the guides does what they say, and each configuration in them is a good one.

Every line of every `sh` block runs in a shell, page by page, in a directory of its own and against
an emulated LM Studio (stage.py). What a `text` block right behind shows is what must come out,
whatever the numbers; "..." alone in a line is any lines, and "[...]" any words. A comment behind a
command tells more: `# prints WORDS`, or `# exits 78` where it does not end with 0. A proxy that is
started ends with the page when an `&` stands behind it, and else as soon as it serves. Every `json`
and `jsonc` block is the configuration `secondwind.json` of the lines behind it, unless the text
before it names a file in the home folder: then it is a client's.
"""

import contextlib
import re
import shlex
import subprocess
import tempfile
import unittest

import stage as staging
from pages import blocks, guides, name_of
from stage import process

PATIENCE = 30  # seconds

AGENTS = ("claude", "codex", "opencode", "cn", "cline", "qwen")

# What begins so is not run here, with the reason.
ELSEWHERE = {
    "scripts/demo.sh": "builds the release; binary.demo tests what it runs",
    "scripts/test.sh": "is what runs this test",
    "PRESET=asan scripts/test.sh": "is a stage of CI",
    "scripts/fuzz.sh": "is a stage of CI",
    "scripts/format.sh": "changes the sources; CI runs it with --check",
    "scripts/lint.sh": "is a stage of CI",
    "scripts/commit_subjects.sh": "is a stage of CI; layers.commit_subjects tests it",
    "scripts/bench.sh": "takes minutes; CI runs its smoke test",
    "scripts/mutants.py": "builds and tests for half an hour; layers.mutants checks its list",
    "scripts/agents.sh": "installs the newest agents; it is meant for every night",
    "scripts/pgo.sh": "builds the executable twice",
    "scripts/windows.sh": "builds libraries for minutes; tests/platform tests what it makes",
    "cmake --preset windows": "cross-compiles for many minutes",
    "SECONDWIND_MODEL_SCHEDULES=40 scripts/wine.sh": "needs what that compiles",
    "scripts/package.sh": "builds the release and a package of it",
    "bench/plot.py": "draws the results of a long measurement",
    "cmake --preset bench": "builds the release",
    "build/bench/bench/micro/micro_bench": "needs that build",
    "bench/instructions.py": "needs that build",
    "tests/soak/soak.py": "takes ten minutes; the test soak.short takes five seconds of it",
    "tests/conformance/run.py": "takes half a minute; the test conformance runs it",
    ".ci/run": "is CI itself",
    "secondwind doctor": "asks a real LM Studio; operator_tests run it against emulated ones",
    "cmake --preset dev": "builds everything; scripts/test.sh does the same",
    "sudo apt-get": "changes the system",
    "sudo systemctl": "needs a running systemd",
    "journalctl": "needs a running systemd",
    "docker": "needs a container engine",
    "BUILDAH_FORMAT=docker podman": "needs a container engine",
    "sudo ufw": "changes the firewall",
    "sudo firewall-cmd": "changes the firewall",
    **{name: "is a client; scripts/agents.sh runs it as the page says" for name in AGENTS},
    "open-webui": "is a client that only PyPI has",
    "lms": "needs LM Studio",
    "brew": "needs macOS",
    "launchctl": "needs macOS",
    "cp packaging/macos/secondwind.plist": "needs macOS",
    "cmake --preset release": "builds the release",
    "cmake --install build/release --prefix /usr/local": "changes the system",
    "scripts/static.sh": "builds the release",
    "tar -xzf": "needs what scripts/release.sh makes",
    "scripts/release.sh": "builds every package; packaging.release tests it with this build",
}

OPERATORS = {
    "status", "models", "requests", "route", "explain", "unload", "load", "drain", "undrain", "cancel",
    "mode", "evict", "pin", "unpin", "reload", "events", "health",
}
ANY_PORTS = {"SECONDWIND_LISTEN": "127.0.0.1:0", "SECONDWIND_ADMIN_LISTEN": "127.0.0.1:0"}
ASSIGNMENT = re.compile(r"^\w+=")


def commands(text):
    """The commands of a block: lines, with those that a backslash or a quote continues."""
    pending = ""
    for line in text.splitlines():
        pending += line + "\n"
        if pending.rstrip().endswith("\\") or not is_whole(pending):
            continue
        if shlex.split(pending, comments=True):
            yield pending.strip()
        pending = ""
    if pending.strip():
        raise AssertionError(f"an unfinished command: {pending}")


def is_whole(text):
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True


def words_of(command):
    """What is run, without the variables and the sudo in front of it."""
    words = shlex.split(command, comments=True)
    while words and (ASSIGNMENT.match(words[0]) or words[0] == "sudo"):
        words = words[1:]
    return words


def verb_of(words):
    """Which of secondwind's verbs a command is; nothing if it is another program's."""
    if words[0].rsplit("/", 1)[-1] != "secondwind":
        return None
    known = OPERATORS | {"serve", "demo", "emulate", "check", "key", "lab"}
    named = [w for w in words[1:2] if w in known]
    if named:
        return named[0]
    return "other" if {"--version", "--help"} & set(words) else "serve"


def expected(text):
    """A pattern for an output that is shown."""
    lines = []
    for line in text.rstrip("\n").splitlines():
        if line.strip() == "...":
            lines.append(r"(?:.*\n)*?")
            continue
        words = re.split(r"(\[\.\.\.\]|\d+(?:\.\d+)*|\s+)", line)
        lines.append("".join(map(pattern_of, words)) + r"[ \t]*\n")
    return re.compile("^" + "".join(lines), re.M)


def pattern_of(word):
    if word == "[...]":
        return ".*"
    if re.fullmatch(r"\d+(?:\.\d+)*", word):
        return r"\d+(?:\.\d+)*"
    return r"[ \t]+" if word.isspace() else re.escape(word)


def listed(command):
    """The entry of ELSEWHERE that a command falls under, or nothing."""
    return next((e for e in ELSEWHERE if command == e or command.startswith(e + " ")), None)


class page_run:
    """The commands of one page, one after another."""

    def __init__(self, test, page, directory):
        self.test = test
        self.page = page
        self.text = page.read_text(encoding="utf-8")
        own = any(
            verb_of(words_of(c)) == "serve" and c.endswith("&")
            for b in blocks(self.text)
            if b.language == "sh"
            for c in commands(b.text)
            if not listed(c)
        )
        emulates = any(
            verb_of(words_of(c)) == "emulate" and c.endswith("&")
            for b in blocks(self.text)
            if b.language == "sh"
            for c in commands(b.text)
            if not listed(c)
        )
        # The first page is read by people who have only just built it.
        self.stage = staging.stage(
            directory, own, installed=page.name != "README.md", emulates=emulates
        )
        self.skipped = set()
        self.ran = 0
        self.background = contextlib.ExitStack()

    def run(self):
        output = None
        with self.stage, self.background:
            for one in blocks(self.text):
                with self.test.subTest(page=name_of(self.page), line=one.line):
                    if one.language == "sh":
                        output = self.shell(one.text)
                        continue
                    if one.language in ("json", "jsonc") and not one.is_for_a_client():
                        self.configure(one.text)
                    elif one.language == "text" and output is not None and not one.before.strip():
                        shown = expected(self.stage.staged(one.text))
                        self.test.assertRegex(output, shown)
                        self.ran += 1
                output = None

    def shell(self, text):
        """Runs the commands of a block: their output, or nothing if not all were run."""
        output, whole = "", True
        for command in commands(text):
            entry = listed(command)
            if entry:
                self.skipped.add(entry)
                whole = False
                continue
            output += self.command(command)
            self.ran += 1
        return output if whole else None

    def command(self, command):
        verb = verb_of(words_of(command))
        if verb in ("serve", "emulate") and command.endswith("&"):
            return self.in_background(command, verb)
        if verb in ("serve", "demo", "emulate") and "--once" not in command:
            return self.until_it_serves(command)
        if command.startswith("export "):
            self.stage.export(command)
            return ""
        env = self.stage.environment()
        if verb == "events":
            return self.until_it_tells(command)
        if verb in OPERATORS:
            env["SECONDWIND_ADMIN_LISTEN"] = f"127.0.0.1:{self.stage.port(9235)}"
            env["SECONDWIND_LISTEN"] = f"127.0.0.1:{self.stage.port(1235)}"
        elif verb == "lab":
            env["SECONDWIND_UPSTREAM"] = f"http://127.0.0.1:{self.stage.port(1234)}"
            env["SECONDWIND_ADMIN_LISTEN"] = "off"
        elif verb == "demo":
            env |= ANY_PORTS
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.stage.staged(command)],
            env=env,
            cwd=self.stage.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        output = ended.stdout.replace("\r\n", "\n")
        told = f"{command}\n{output}"
        code = re.search(r"# exits (\d+)$", command)
        self.test.assertEqual(ended.returncode, int(code[1]) if code else 0, told)
        if prints := re.search(r"# prints (.+)$", command):
            self.test.assertIn(prints[1], output, told)
        return output

    def configure(self, text):
        file = self.stage.root / "secondwind.json"
        file.write_text(self.stage.staged(text), encoding="utf-8")
        self.command("secondwind check -c secondwind.json")
        self.ran += 1

    def started(self, command, env):
        """The process itself rather than a shell around it, so that a signal reaches it."""
        words = shlex.split(self.stage.staged(command), comments=True)
        while ASSIGNMENT.match(words[0]):
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        self.test.assertTrue(self.stage.finds(words[0]), f"{words[0]} is not found: {command}")
        return process(*words[1:], env=env, directory=self.stage.root)

    def stop(self, child):
        """Asks it to end, and sees that it ends well."""
        child.signal()
        self.test.assertEqual(child.wait(), 0, child.errors.rest())

    def until_it_serves(self, command):
        # A flag would win over the environment.
        bound = re.sub(r"(--listen|--admin)[ =]\S+:\d+", r"\1 127.0.0.1:0", command)
        with self.started(bound, {**ANY_PORTS}) as child:
            verb = verb_of(words_of(command))
            if verb == "demo":
                child.output.until(lambda line: "Ctrl-C" in line)
            elif verb == "emulate":
                child.output.until(lambda line: "listens on" in line)
            else:
                child.errors.until(lambda line: re.search(r"\blistening\b", line))
            self.stop(child)
            return "".join(line + "\n" for line in child.output.seen + child.errors.seen)

    def until_it_tells(self, command):
        env = {"SECONDWIND_ADMIN_LISTEN": f"127.0.0.1:{self.stage.port(9235)}"}
        with self.started(command, env) as child:
            child.output.until(lambda line: line)
            self.stop(child)
            return "".join(line + "\n" for line in child.output.seen)

    def in_background(self, command, verb):
        env = {"SECONDWIND_ADMIN_LISTEN": f"127.0.0.1:{self.stage.port(9235)}"}
        child = self.background.enter_context(self.started(command.removesuffix("&"), env))
        if verb == "emulate":
            child.output.until(lambda line: "listens on" in line)
        else:
            child.event("listening")
        self.background.callback(self.stop, child)
        return ""


class commands_of_the_guides(unittest.TestCase):
    def test_each_does_what_the_page_says(self):
        skipped, ran = set(), 0
        for page in guides():
            with tempfile.TemporaryDirectory() as directory:
                one = page_run(self, page, directory)
                one.run()
                skipped |= one.skipped
                ran += one.ran
        self.assertGreater(ran, 30)
        self.assertEqual(set(ELSEWHERE) - skipped, set(), "listed, and in no page")


class the_judge(unittest.TestCase):
    """What it lets pass, and what not."""

    def test_an_output_is_compared_line_by_line_whatever_its_numbers(self):
        shown = expected("took 1.5 ms on 127.0.0.1:1235\n...\nlast [...] word\n")
        self.assertRegex("took 22 ms  on 10.0.0.1:80\nmore\nmore\nlast and least word\n", shown)
        self.assertNotRegex("took 22 s on 10.0.0.1:80\nlast and least word\n", shown)
        self.assertNotRegex("took 22 ms on 10.0.0.1:80\nlast and least words\n", shown)

    def test_a_command_is_one_over_several_lines(self):
        text = "# a comment\na \\\n  b\n\nc 'd\ne'  # tail\n"
        self.assertEqual(list(commands(text)), ["a \\\n  b", "c 'd\ne'  # tail"])

    def test_only_whole_words_are_listed_as_run_elsewhere(self):
        self.assertIsNotNone(listed("docker build ."))
        self.assertIsNone(listed("dockerize"))


if __name__ == "__main__":
    unittest.main()
