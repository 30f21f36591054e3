#!/usr/bin/env python3
"""Plants each bug of tests/mutants/mutants.toml in a copy of the tree, and expects tests to fail.

    scripts/mutants.py              plants all of them, which takes about half an hour on two cores
    scripts/mutants.py WORD...      those whose names contain one of the words
    scripts/mutants.py --check      only checks that each can be planted

Fails if the tests pass with one of them. The copy is build/mutants; sources are compiled one by
one there, so that a bug costs one of them.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutants" / "tree"
BUILD = ROOT / "build" / "mutants" / "build"
LONGEST_TEST = 600  # seconds; one that hangs has noticed the bug too


def planted(bug):
    """Each file of the bug with its new text."""
    texts = {}
    for change in [bug, *([bug["also"]] if "also" in bug else [])]:
        path = change["file"]
        text = texts.get(path) or (ROOT / path).read_text(encoding="utf-8")
        if text.count(change["find"]) != 1:
            raise SystemExit(f"mutants.toml: \"{bug['name']}\": its text occurs "
                             f"{text.count(change['find'])} times in {path}, not once")
        texts[path] = text.replace(change["find"], change["replace"])
    return texts


def run(command, log, **options):
    with log.open("w", encoding="utf-8") as out:
        return subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False,
                              stdin=subprocess.DEVNULL, **options).returncode


def build(targets, log):
    return run(["cmake", "--build", BUILD, "-j", str(os.cpu_count()), "--target", *targets], log)


def tests_pass(target, log):
    try:
        return run([BUILD / "tests" / target, "--gtest_brief=1"], log, timeout=LONGEST_TEST,
                   cwd=BUILD / "tests") == 0
    except subprocess.TimeoutExpired:
        return False


def prepare(targets, logs):
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, text=True,
                             capture_output=True).stdout.split("\0")
    for name in filter(None, tracked):
        source, copy = ROOT / name, COPY / name
        if not source.is_file():
            continue
        if copy.is_file() and copy.read_bytes() == source.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)
    if run(["cmake", "-S", COPY, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
            "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld"],
           logs / "configure.log"):
        raise SystemExit(f"the copy could not be configured: see {logs / 'configure.log'}")
    if build(targets, logs / "build.log"):
        raise SystemExit(f"the copy could not be built: see {logs / 'build.log'}")
    for target in targets:
        if not tests_pass(target, logs / f"{target}.log"):
            raise SystemExit(f"{target} fails without any bug: see {logs / target}.log")


def is_caught(bug, target, logs):
    log = logs / (bug["name"].replace(" ", "_") + ".log")
    texts = planted(bug)
    try:
        for path, text in texts.items():
            (COPY / path).write_text(text, encoding="utf-8")
        if build([target], log):
            raise SystemExit(f"\"{bug['name']}\" does not compile: see {log}")
        return not tests_pass(target, log)
    finally:
        for path in texts:
            (COPY / path).write_bytes((ROOT / path).read_bytes())


def main(arguments):
    with (ROOT / "tests/mutants/mutants.toml").open("rb") as file:
        bugs = tomllib.load(file)["mutant"]
    if arguments == ["--check"]:
        for bug in bugs:
            planted(bug)
        print(f"{len(bugs)} bugs can be planted")
        return 0
    bugs = [b for b in bugs if not arguments or any(word in b["name"] for word in arguments)]
    if not bugs:
        raise SystemExit("no bug has such a name")
    logs = BUILD.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    prepare(sorted({bug.get("tests", "model_tests") for bug in bugs}), logs)
    survivors = 0
    for bug in bugs:
        target = bug.get("tests", "model_tests")
        caught = is_caught(bug, target, logs)
        survivors += not caught
        print(f"{'caught  ' if caught else 'SURVIVES'}  law {bug['law']}  {bug['name']}"
              f"  ({target})", flush=True)
    print(f"{len(bugs) - survivors} of {len(bugs)} bugs were caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
