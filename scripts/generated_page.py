"""Keeps the generated part of a page of the documentation up to date."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(page, make, arguments):
    """Writes make(page's text) to the page; with --check, only fails if that would change it."""
    if arguments not in ([], ["--check"]):
        sys.exit(f"usage: {Path(sys.argv[0]).name} [--check]")
    written = page.read_text(encoding="utf-8")
    made = make(written)
    if made == written:
        return 0
    if arguments:
        print(f"{page.relative_to(ROOT)} is out of date: run {sys.argv[0]}")
        return 1
    page.write_text(made, encoding="utf-8")
    return 0
