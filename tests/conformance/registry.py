"""The cases, each with its section of the suite."""

from dataclasses import dataclass
from typing import Callable

SECTIONS = {
    1: "request line",
    2: "fields",
    3: "framing of a request",
    4: "what passes on",
    5: "answers",
    6: "connections",
    7: "upgrade",
    8: "streaming",
}


@dataclass(frozen=True)
class case:
    section: int
    name: str
    run: Callable
    setup: str

    @property
    def title(self):
        return f"{SECTIONS[self.section]}: {self.name}"


CASES = []


def add(section, name, run, setup="whole"):
    made = case(section, name, run, setup)
    if any(known.title == made.title for known in CASES):
        raise ValueError(f"two cases are called {made.title}")
    CASES.append(made)


def in_section(section):
    """A decorator for the cases of one section: the function's name says what must hold."""

    def named(setup="whole"):
        def keep(function):
            add(section, function.__name__.replace("_", " "), function, setup)
            return function

        return keep

    return named


def all_refused(section, table, partly=False, setup="whole"):
    """A table of {title: raw bytes, or (raw bytes, statuses...)} that must all be refused."""
    for title, entry in table.items():
        raw, *statuses = entry if isinstance(entry, tuple) else (entry, 400)

        def run(on, raw=raw, statuses=tuple(statuses)):
            on.refuses(raw, *statuses, partly=partly)

        add(section, f"refuses {title}", run, setup)
