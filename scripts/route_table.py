#!/usr/bin/env python3
"""Generates the table of policies in docs/several-hosts.md with the bench route_trace.

    scripts/route_table.py            runs the bench and writes the table
    scripts/route_table.py --check    only checks the product's own row, and fails if it is out of
                                      date

The bench takes some minutes, and its check a minute. PRESET chooses the build, dev.
"""

import sys

import generated_page

PAGE = generated_page.ROOT / "docs" / "several-hosts.md"
PRODUCT = "secondwind"


def row_of(table):
    return next(line for line in table.splitlines() if line.startswith(f"| {PRODUCT} |"))


def check():
    if row_of(PAGE.read_text(encoding="utf-8")) == row_of(
        generated_page.table_of("route_trace", "--policy", PRODUCT)
    ):
        return 0
    print(f"{PAGE.relative_to(generated_page.ROOT)} is out of date: run {sys.argv[0]}")
    return 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    sys.exit(generated_page.keep_table(PAGE, __file__, "route_trace"))
