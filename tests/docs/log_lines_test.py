"""The guides explain every line that the log can contain, and no other."""

import re
import unittest

from pages import ROOT, in_code, rows, section

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SEVERAL_HOSTS = (ROOT / "docs" / "several-hosts.md").read_text(encoding="utf-8")
CALL = re.compile(r"\blog::write\(")
LITERAL = re.compile(r'"([^"\\]*)"')


def arguments(code, begin):
    """The arguments of a call, whose opening parenthesis is before `begin`."""
    depth, start, found, quoted = 1, begin, [], False
    for at in range(begin, len(code)):
        c = code[at]
        if c == '"' and code[at - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (c in "([{") - (c in ")]}")
            if depth == 0 or (c == "," and depth == 1):
                found.append(code[start:at])
                start = at + 1
            if depth == 0:
                return found
    raise AssertionError("a call without an end")


def logged_events():
    """The events that the code logs, each with its levels."""
    events = {}
    for source in sorted((ROOT / "src").rglob("*.cpp")):
        code = source.read_text(encoding="utf-8")
        for call in CALL.finditer(code):
            level, event = arguments(code, call.end())[:2]
            names = LITERAL.findall(event)
            if not names:
                raise AssertionError(f"{source}: {event.strip()} is not the name of an event")
            levels = re.findall(r"level::(\w+)", level)
            # Either one level for each event, or all levels for all events.
            together = len(names) == len(levels) > 1
            for at, name in enumerate(names):
                events.setdefault(name, set()).update(levels[at : at + 1] if together else levels)
    return events


def values(source, function):
    """The words that a `to_string` returns."""
    code = (ROOT / "src" / source).read_text(encoding="utf-8")
    body = re.search(rf"to_string\({function} \w+\) noexcept \{{(.*?)^\}}", code, re.M | re.S)[1]
    return set(re.findall(r'return "(\w+)"', body))


def listed_words(source, function):
    """The words that a `to_string` takes from a list."""
    code = (ROOT / "src" / source).read_text(encoding="utf-8")
    body = re.search(rf"to_string\({function} \w+\) noexcept \{{(.*?)^\}}", code, re.M | re.S)[1]
    return set(LITERAL.findall(body))


def documented(heading, page=PAGE):
    """The first column of the table below a heading."""
    return {name for row in rows(section(page, heading)) for name in in_code(row[0])}


class log_lines(unittest.TestCase):
    def test_each_event_is_explained_once_with_its_levels(self):
        events = logged_events()
        self.assertGreater(len(events), 10)
        explained = {}
        for row in rows(section(PAGE, "What each log line means")):
            (name,) = in_code(row[0])
            self.assertNotIn(name, explained)
            explained[name] = set(in_code(row[1]))
        self.assertEqual(explained.keys(), events.keys())
        for name, levels in events.items():
            # A level in a variable cannot be read from the call.
            if levels:
                self.assertEqual(explained[name], levels, name)

    def test_each_way_to_end_is_explained(self):
        self.assertEqual(
            documented("How an exchange ended"), values("proxy/access_record.cpp", "ending")
        )

    def test_each_reason_for_a_host_is_explained(self):
        explained = documented("Why a host was chosen", SEVERAL_HOSTS)
        self.assertEqual(explained, listed_words("policy/price.cpp", "choice_reason"))

    def test_each_step_of_a_recovery_is_explained(self):
        self.assertEqual(
            documented("The steps of a recovery"), values("recovery/record.cpp", "step")
        )


if __name__ == "__main__":
    unittest.main()
