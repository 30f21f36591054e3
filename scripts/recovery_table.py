#!/usr/bin/env python3
"""Generates the table of mixes in docs/recovery.md with the bench recovery_mix.

    scripts/recovery_table.py            runs the bench and writes the table
    scripts/recovery_table.py --check    only checks the table, and fails if it is out of date

The bench takes half a minute. PRESET chooses the build, dev.
"""

import sys

import generated_page

if __name__ == "__main__":
    page = generated_page.ROOT / "docs" / "recovery.md"
    sys.exit(generated_page.keep_table(page, __file__, "recovery_mix"))
