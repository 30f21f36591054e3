"""The results of a run: its failures, a table by section, and the page of the comparison."""

import re
import subprocess
from pathlib import Path

from registry import SECTIONS
from targets import found

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"


def failures(outcomes, known):
    for title, outcome in outcomes.items():
        if outcome:
            print(f"{'KNOWN' if title in known else 'FAIL'} {title}")
            print(f"     expected {outcome['expected']}\n     got      {outcome['got']}")
        elif title in known:
            print(f"NOTE {title}\n     passes: take it off known_faults.txt")


def table(chosen, outcomes):
    """Passed and total cases, by section and proxy, as a table in Markdown."""
    rows = [["section", "cases", *outcomes]]
    for number, name in [*SECTIONS.items(), (None, "all")]:
        titles = [case.title for case in chosen if number in (None, case.section)]
        if titles:
            passed = [sum(not outcome[title] for title in titles) for outcome in outcomes.values()]
            rows.append([f"{number}. {name}" if number else name, len(titles), *passed])
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|---|" + "---:|" * (len(rows[0]) - 1), *lines[1:]])


def write_page(chosen, outcomes):
    page = (Path(__file__).parent / "page.md").read_text()
    page = page.replace("@CASES@", str(len(chosen))).replace("@TABLE@", table(chosen, outcomes))
    failed = [f'"{title}"' for title, outcome in outcomes["secondwind"].items() if outcome]
    page = page.replace("@FAULTS@", "; ".join(failed) or "nothing")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page.replace("@VERSIONS@", versions(outcomes)))


def versions(outcomes):
    versions = []
    for name in outcomes:
        if name != "secondwind":
            result = subprocess.run([found(name), "-v"], capture_output=True, text=True, check=False)
            number = re.search(r"(?:nginx/|version )([0-9.]+)", result.stdout + result.stderr)
            versions.append(f"{name} {number[1] if number else 'of an unknown version'}")
    return ", ".join(versions) or "none was installed"
