#!/usr/bin/env python3
"""Counts the instructions of each part that micro_bench measures.

    bench/instructions.py --binary BUILD/bench/micro/micro_bench
    bench/instructions.py --binary ... --update docs/performance.md
    bench/instructions.py --binary ... --check docs/performance.md

Time depends on the machine and its other load; instructions hardly do. Each part runs twice under
Valgrind's callgrind, with different numbers of iterations, and the difference is the cost of one
iteration: the start of the program and the part's own check cancel out. The numbers still depend on
the compiler, and on which variants of memchr and memcpy the C library picks for the processor.

--update replaces the table between the markers in a page; --check exits with 1 and names each part
that exceeds the page's figure by more than the tolerance, or that the page does not list.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- instructions -->", "<!-- /instructions -->"
FEW, MANY = 100, 1100
HEAD = """\
| part | instructions | bytes | a byte | allocations |
|---|---:|---:|---:|---:|
"""
# Below this, a change by a few instructions is a large share, and means nothing.
SMALL = 20


def fail(sentence):
    sys.exit(f"instructions.py: {sentence}")


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        fail(f"{' '.join(command)} failed:\n{done.stderr}")
    return done


def parts_of(binary, wanted):
    """The input and the allocations of each part, by its name, as the program prints them."""
    report = run([binary, f"--turns={MANY}", f"--benchmark_filter={wanted}",
                  "--benchmark_format=json"]).stdout
    # The library appends a fixed number of iterations to the name.
    return {one["name"].split("/iterations:")[0]: one
            for one in json.loads(report)["benchmarks"]}


def collected(binary, name, turns):
    with tempfile.TemporaryDirectory() as scratch:
        stderr = run(["valgrind", "--tool=callgrind",
                      f"--callgrind-out-file={scratch}/callgrind.out", binary, f"--turns={turns}",
                      f"--benchmark_filter=^{re.escape(name)}/iterations:"]).stderr
    found = re.search(r"Collected : (\d+)", stderr)
    if not found:
        fail(f"callgrind counted nothing:\n{stderr}")
    return int(found[1])


def measure(binary, wanted):
    """Rows of (name, instructions, bytes, allocations)."""
    rows = []
    for name, part in parts_of(binary, wanted).items():
        turns = collected(binary, name, MANY) - collected(binary, name, FEW)
        rows.append((name, round(turns / (MANY - FEW)), round(part["bytes"]),
                     part["allocations"]))
    if not rows:
        fail(f"no part is called as {wanted}")
    return rows


def table(rows):
    text = HEAD
    for name, instructions, size, allocations in rows:
        taken, each = (f"{size:,}", f"{instructions / size:.2f}") if size else ("", "")
        text += f"| `{name}` | {instructions:,} | {taken} | {each} | {allocations:.3g} |\n"
    return text


def between_markers(page):
    text = page.read_text(encoding="utf-8")
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        fail(f"{page} lacks the markers {BEGIN} and {END}")
    return text[:begin + len(BEGIN)], text[begin + len(BEGIN):end], text[end:]


def documented(page):
    rows = re.findall(r"^\| `([^`]+)` \| ([\d,]+) \|", between_markers(page)[1], re.MULTILINE)
    return {name: int(figure.replace(",", "")) for name, figure in rows}


def growth(rows, known, tolerance):
    """A sentence for each part that costs more than it should."""
    for name, instructions, *_ in rows:
        if name not in known:
            yield f"{name}: {instructions:,} instructions, and the page does not know it"
        elif instructions - known[name] > max(known[name] * tolerance / 100, SMALL):
            yield (f"{name}: {instructions:,} instructions instead of {known[name]:,}, "
                   f"{100 * (instructions / known[name] - 1):.0f} % more")


def main():
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", required=True, help="micro_bench of a release build")
    arguments.add_argument("--filter", default=".*", help="only the parts that match")
    arguments.add_argument("--tolerance", type=float, default=10, help="per cent; 10 by default")
    pages = arguments.add_mutually_exclusive_group()
    pages.add_argument("--update", metavar="PAGE", type=pathlib.Path)
    pages.add_argument("--check", metavar="PAGE", type=pathlib.Path)
    given = arguments.parse_args()
    if given.update and given.filter != ".*":
        fail("--update writes the whole table; leave out --filter")

    page = given.update or given.check
    if page:
        between_markers(page)  # before a minute is spent
    rows = measure(given.binary, given.filter)
    print(table(rows), end="", flush=True)
    if given.update:
        before, _, after = between_markers(page)
        page.write_text(f"{before}\n{table(rows)}{after}", encoding="utf-8")
    if given.check:
        grown = list(growth(rows, documented(page), given.tolerance))
        for sentence in grown:
            print(sentence)
        sys.exit(1 if grown else 0)


if __name__ == "__main__":
    main()
