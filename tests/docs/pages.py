"""Reads the project's Markdown: its blocks of code, headings, links and tables."""

import pathlib
import re
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What is not ours, or is made by a tool.
FOREIGN = {"node_modules", "vendor", "build", ".git"}

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)


@dataclass(frozen=True)
class block:
    """A fenced block: its language, its text, the line where that begins, and the text between the
    block before it and itself."""

    language: str
    text: str
    line: int
    before: str

    def is_for_a_client(self):
        """Whether the text before it names a file in the home folder, which another program reads."""
        return re.search(r"`~/[^`]+`:\s*$", self.before) is not None


def guides():
    """The pages whose commands and settings a reader may copy."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def all_pages():
    """Every page of the project."""
    found = (p.relative_to(ROOT) for p in ROOT.rglob("*.md"))
    return [ROOT / p for p in sorted(found) if not FOREIGN & set(p.parts)]


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def blocks(text):
    end = 0
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        yield block(found["language"], found["text"], line, text[end : found.start()])
        end = found.end()


def prose(text):
    """The text without its blocks of code, each line where it was."""
    return FENCE.sub(lambda found: "\n" * found.group().count("\n"), text)


def anchors(text):
    """What a link may name behind its "#", as GitHub makes it of the headings."""
    names = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(text), re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        again = sum(1 for known in names if re.fullmatch(re.escape(name) + r"(-\d+)?", known))
        names.add(f"{name}-{again}" if again else name)
    return names


def section(text, heading):
    """What stands below a heading, up to the next one of its rank or above."""
    begin = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.M)
    if begin is None:
        raise AssertionError(f'there is no heading "{heading}"')
    rest = text[begin.end() :]
    end = re.search(rf"^#{{1,{len(begin[1])}}} ", rest, re.M)
    return rest[: end.start()] if end else rest


def rows(text):
    """The rows of the tables in a text, as lists of cells, without what is above their rules."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        for line in table.splitlines()[2:]:
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def in_code(text):
    """The words that a cell has in backticks."""
    return re.findall(r"`([^`]+)`", text)
