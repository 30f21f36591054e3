"""Wine for the program for Windows, with a folder of its own for Windows' registry and files.

WINDOWS_PROGRAM names secondwind.exe. What is missing skips the tests.
"""

import atexit
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("WINDOWS_PROGRAM", ROOT / "build/windows/src/secondwind.exe"))
WINE = ROOT / "scripts" / "wine.sh"
# The first start of a prefix takes a dozen seconds; it is kept for the next run.
PREFIX = ROOT / "build" / "wine-story"

sys.path.insert(0, str(ROOT / "tests" / "binary"))

os.environ.update(WINEPREFIX=str(PREFIX), WINEDEBUG="-all", LC_ALL="C.UTF-8")


def skip_without_wine():
    if not shutil.which("wine") and not shutil.which("wine64"):
        raise unittest.SkipTest("Wine is not installed")
    if not PROGRAM.exists():
        raise unittest.SkipTest(f"{PROGRAM} is not built: scripts/windows.sh builds it")


def start():
    """Starts this Windows. Wine would end it, services too, three seconds after the last program."""
    PREFIX.mkdir(parents=True, exist_ok=True)  # wineserver does not make it
    end()
    subprocess.run(["wineserver", "-p"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    # What runs on in it keeps the streams of the first program open.
    subprocess.run([WINE, "wineboot"], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def program():
    """A script that runs secondwind.exe, as the tests of the executable want it."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    script = pathlib.Path(folder, "secondwind")
    script.write_text(f'#!/bin/sh\nexec "{WINE}" "{PROGRAM}" "$@"\n')
    script.chmod(0o755)
    return str(script)


def windows_path(path):
    """As Wine shows the files of this system."""
    return "Z:" + str(path).replace("/", "\\")


def unix_path(path):
    """Of a file on Windows' drive C."""
    return PREFIX / "drive_c" / path.replace("\\", "/").removeprefix("C:/")


def windows(*arguments, timeout=60):
    """Runs one of Windows' own programs."""
    return subprocess.run(
        [WINE, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout, check=False,
    )


def end():
    """Ends what is left of this Windows, and of no other."""
    subprocess.run(["wineserver", "-k"], check=False, stderr=subprocess.DEVNULL)


os.environ["BINARY_UNDER_TEST"] = program()
