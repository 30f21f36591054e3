#!/usr/bin/env python3
"""Generates the table of policies in docs/several-hosts.md with the bench route_trace.

    scripts/route_table.py            runs the bench and writes the table
    scripts/route_table.py --check    only checks the table, and fails if it is out of date

The bench takes some minutes. PRESET chooses the build, dev.
"""

import sys

import generated_page

if __name__ == "__main__":
    page = generated_page.ROOT / "docs" / "several-hosts.md"
    sys.exit(generated_page.keep_table(page, __file__, "route_trace"))
