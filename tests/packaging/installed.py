"""Installs the build as `cmake --install` does. BUILD_UNDER_TEST names its folder."""

import os
import subprocess
import sys

BUILD = os.environ["BUILD_UNDER_TEST"]
PATIENCE = 60  # seconds
SKIPPED = 77


def run(*command, env=None, **options):
    """Runs a program to its end: its exit code, and both its streams."""
    return subprocess.run(
        command,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )


def install(prefix, root=""):
    """Installs below `root`, as for a machine with that prefix."""
    ended = run("cmake", "--install", BUILD, "--prefix", str(prefix), env={"DESTDIR": str(root)})
    if ended.returncode:
        raise AssertionError(ended.stdout + ended.stderr)
    return ended.stdout


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)
