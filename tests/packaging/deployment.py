"""Shared by the tests of compose files and manifests: the result of `secondwind check` for an
environment, the instructions of the Dockerfile, and durations."""

import importlib.util
import pathlib
import re
import shutil
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "binary"))

from harness import run  # noqa: E402

DOCKER = ROOT / "docker"
TOKEN = "0123456789abcdef"
SKIPPED = 77

if importlib.util.find_spec("yaml") is None:
    print('skipped: PyYAML is missing: install it (on Debian "python3-yaml")', file=sys.stderr)
    sys.exit(SKIPPED)


def checked(env, *arguments):
    """{key: (value, source)} of the effective settings."""
    ended = run("check", *arguments, env=env)
    if ended.returncode != 0:
        raise AssertionError(ended.stderr)
    found = {}
    for line in ended.stdout.splitlines():
        words = line.split()
        found[words[0]] = (" ".join(words[1:-1]), words[-1])
    return found


def settings_of(env, tests, *arguments):
    """The same, after a check that every SECONDWIND_ variable in `env` is a known one."""
    found = checked(env, *arguments)
    sources = {source for _, source in found.values()}
    ours = {name for name in env if name.startswith("SECONDWIND_") and name != "SECONDWIND_CONFIG"}
    tests.assertEqual(ours - sources, set(), "is not heeded")
    return found


def seconds(duration):
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)(ms|s|m|h)", str(duration)))


def port_of(endpoint):
    return int(endpoint.rsplit(":", 1)[1])


def instruction(name):
    """The arguments of an instruction in the Dockerfile's last stage."""
    last = (DOCKER / "Dockerfile").read_text(encoding="utf-8").rsplit("\nFROM ", 1)[1]
    last = re.sub(r"#.*\n", "", last).replace("\\\n", " ")
    return re.findall(rf"^{name}\s+(.*)$", last, re.M)


def needs(program, package):
    return unittest.skipUnless(
        shutil.which(program), f'{program} is missing: install it (on Debian "{package}")'
    )


def main():
    """Runs the calling module's tests; 77 if something that they need is missing."""
    ended = unittest.main(module="__main__", exit=False).result
    if not ended.wasSuccessful():
        sys.exit(1)
    for _, reason in ended.skipped:
        print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(SKIPPED if ended.skipped else 0)
