#!/usr/bin/env python3
"""Checks the rules that the compiler does not: which room may include which, that a public header
is one that another room needs, that what decides stays free of sockets and clocks, and two shapes
of co_await that g++ 12 compiles wrongly.

    layers.py ROOT

prints each breach as FILE:LINE: SENTENCE and fails if there is one.
"""

import re
import sys
from pathlib import Path

# An arrow of the design is an include, and there is no other: each room with those it may include.
ARROWS = {
    "base": set(),
    "http": {"base"},
    # LM Studio's nouns and documents, without a socket.
    "lmstudio": {"base", "http"},
    "policy": {"base", "http", "lmstudio"},
    "config": {"base", "policy"},
    "telemetry": {"base"},
    "net": {"base"},
    "recovery": {"base", "lmstudio", "policy", "config", "net", "telemetry"},
    "host": {
        "base", "http", "lmstudio", "policy", "config", "telemetry", "net", "recovery",
    },
    "proxy": {
        "base", "http", "lmstudio", "policy", "config", "telemetry", "net", "recovery", "host",
    },
    # It shows the traces of recoveries and the proxy, and shares nothing with the data port.
    "admin": {
        "base", "http", "lmstudio", "policy", "config", "telemetry", "net", "recovery", "host",
    },
    # The emulated host shares nothing with the tested code, or both could be wrong in the same way.
    "emulator": set(),
    # What the model lab keeps. Nothing that serves requests depends on it.
    "registry": {"base"},
    # A client of hosts with connections of its own; what it finds goes to the registry.
    "lab": {
        "base", "http", "lmstudio", "policy", "config", "cli", "net", "host", "registry",
    },
    "cli": {"base", "config"},
    "app": {
        "base", "policy", "config", "telemetry", "net", "recovery", "host", "proxy", "admin",
    },
    # The only room that knows both the proxy and the emulated host, so that nothing that serves
    # requests depends on the latter.
    "demo": {"base", "config", "net", "recovery", "host", "proxy", "app", "emulator"},
    "main": {"base", "config", "cli", "app", "demo", "lab"},
}

PURE_ROOMS = {"base", "http", "lmstudio", "policy", "config", "cli", "telemetry"}
# Pure files in rooms that are not pure.
PURE_FILES = {
    "admin/access", "admin/action_replies", "admin/action_requests", "admin/assets",
    "admin/config_document", "admin/event_ring", "admin/history_document", "admin/lab_message",
    "admin/log_lines", "admin/message", "admin/process_stat", "admin/query", "admin/routes",
    "admin/search_fields",
    "app/doctor_findings", "app/event_view", "app/explain_view", "app/formatting",
    "app/json_members", "app/models_view",
    "app/operator_view", "app/requests_view", "app/route_view", "app/status_view",
    "app/trial_report",
    "host/api_support", "host/backoff", "host/host_health", "host/idle_set",
    "host/instance_changes", "host/last_known",
    "host/route_counts",
    "lab/calls", "lab/curve_svg", "lab/documents", "lab/evidence", "lab/lmstrix", "lab/model_choice",
    "lab/narrator", "lab/outcome", "lab/progress_lines", "lab/prompt", "lab/publication",
    "lab/report",
    "lab/report_json", "lab/report_text", "lab/result", "lab/result_document", "lab/search",
    "recovery/handles",
    "registry/error", "registry/ranges", "registry/records", "registry/schema",
}

IMPURE_HEADERS = re.compile(
    r"boost/(asio|beast)\b|(coroutine|thread|future|poll\.h|netdb\.h)$"
    r"|(sys/(socket|epoll|select|un)|netinet/|arpa/)"
)
CLOCK_READING = re.compile(r"\b\w*clock(?:_type)?\s*::\s*now\b")
# A log line contains the time; no other pure file may read the clock.
READS_THE_CLOCK = {"base/log", "base/log_output"}
# Every room logs, so this destination of the lines is below them all.
WRITES_THE_LOG = {"base/log_output"}
# Beast holds a body back until its buffer is full, so the proxy's own path goes without it.
BEAST_ROOMS = {"emulator", "admin"}
# The SDK's WebSocket, which only a recovery uses, and the operator's verbs are not on that path.
BEAST_SOURCES = {
    "src/app/admin_client.cpp", "src/host/sdk_socket.cpp", "src/lab/lease_link.cpp",
}

# The database, which only the registry knows.
SQLITE_HEADERS = re.compile(r"sqlite3(ext)?\.h$|SQLiteCpp/")
SQLITE_ROOM = "registry"

# What differs between systems, and only that, is in these folders of a room, behind headers that are
# the same for all systems. posix/ is for Linux and macOS.
SYSTEM_FOLDERS = {"posix", "linux", "macos", "windows"}
SYSTEM_HEADERS = re.compile(
    r"(unistd|fcntl|netdb|poll|termios|pwd|grp|dlfcn|pthread|sched|syslog|dirent|ifaddrs|spawn"
    r"|signal|strings|libproc|io|direct|process|share|conio|windows|winsock2?|ws2tcpip|mswsock"
    r"|wincrypt|psapi|shellapi|winsvc)\.h$"
    r"|(sys|net|netinet|arpa|linux|mach|mach-o)/"
)
SYSTEM_MACROS = re.compile(
    r"\b(_WIN32|_WIN64|WIN32|__linux__|__linux|__APPLE__|__unix__|__MINGW\w+|_MSC_VER"
    r"|__GLIBC__|BOOST_ASIO_WINDOWS)\b"
)
MOST_LINES = 450

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
CONDITION = re.compile(r"\b(if|while|switch|for)\b(?:\s+constexpr)?\s*\(")
LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<fence>[^()\\\s]{0,16})\(.*?\)(?P=fence)"'
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'"
    r"|//[^\n]*|/\*.*?\*/",
    re.DOTALL,
)


def blank(text):
    """The code with comments and literals blanked out, each line where it was."""

    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group())

    return LITERAL_OR_COMMENT.sub(spaces, text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def end_of_parentheses(code, opening):
    depth = 0
    for at in range(opening, len(code)):
        if code[at] == "(":
            depth += 1
        elif code[at] == ")":
            depth -= 1
            if depth == 0:
                return at
    return len(code)


def end_of_expression(code, begin):
    """The end of the full expression around `begin`: a semicolon, or the enclosing bracket."""
    depth = 0
    for at in range(begin, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
            if depth < 0:
                return at
        elif code[at] == ";" and depth == 0:
            return at
    return len(code)


def without_parentheses(code):
    """The code at its outermost level, without the arguments of calls."""
    kept = []
    depth = 0
    for c in code:
        depth += c == "("
        if depth == 0:
            kept.append(c)
        depth -= c == ")"
    return "".join(kept)


def coroutine_breaches(text):
    """g++ 12: a co_await in a condition may jump to nowhere, and a capturing lambda or an aggregate
    that is a temporary of the same expression is destroyed twice."""
    code = blank(text)
    if "co_await" not in code:
        return

    for condition in CONDITION.finditer(code):
        inside = code[condition.end() : end_of_parentheses(code, condition.end() - 1)]
        if "co_await" in inside:
            yield (
                line_at(code, condition.start()),
                f"co_await in the condition of {condition.group(1)}: await into a variable first",
            )

    for awaiting in re.finditer(r"\bco_await\b", code):
        # The statement so far, back to the end of the one before. A brace may also open an
        # initializer, which only makes this part shorter.
        begin = max(code.rfind(c, 0, awaiting.start()) for c in ";{}") + 1
        end = end_of_expression(code, awaiting.end())
        line = line_at(code, awaiting.start())
        operand = code[awaiting.end() : end]
        if "?" in code[begin : awaiting.start()] or "?" in without_parentheses(operand):
            yield line, "co_await in a ternary operator: write an if"
        # Empty braces usually make a string or a span, which have constructors.
        if re.search(r"[(,]\s*\{(?!\s*\})", operand):
            yield line, "an aggregate made in the same expression as co_await: name it first"
        if re.search(r"(?<![\w\])])\s*\[[^\[\]\s][^\[\]]*\]\s*(\(|\{|mutable\b)", operand):
            yield line, "a capturing lambda in the same expression as co_await: name it first"


def room_of(path):
    """The room of a file by its path from the root, or None."""
    parts = path.parts
    if parts == ("src", "main.cpp"):
        return "main"
    if parts[:2] == ("include", "secondwind") and len(parts) == 4:
        return parts[2]
    # The libraries' own code, compiled once.
    in_room = len(parts) == 3 or (len(parts) == 4 and parts[2] in SYSTEM_FOLDERS)
    if parts[0] == "src" and in_room and parts[1] != "separate":
        return parts[1]
    return None


def is_of_a_system(path):
    return path.parts[0] == "src" and path.parent.name in SYSTEM_FOLDERS


def include_breaches(path, text):
    room = room_of(path)
    if room is None:
        return
    if room not in ARROWS:
        yield 1, f'"{room}" is no room: give it its arrows in tests/layers/layers.py'
        return

    noun = f"{room}/{path.stem}"
    is_pure = room in PURE_ROOMS or noun in PURE_FILES
    allowed = ARROWS[room] & PURE_ROOMS if is_pure else ARROWS[room]

    # Removes comments, but keeps the names of headers, which blank() would remove as literals.
    without_comments = re.sub(r"//[^\n]*", "", text)
    for include in INCLUDE.finditer(without_comments):
        line = line_at(without_comments, include.start())
        quote, header = include.groups()
        if quote == '"':
            if path.parts[0] == "include":
                yield line, f'"{header}" is private: a public header includes public ones only'
            elif "/" in (header.removeprefix("../") if is_of_a_system(path) else header):
                yield line, f'"{header}" leaves the room: quotes are for its own private headers'
            continue
        if SQLITE_HEADERS.match(header) and room != SQLITE_ROOM:
            yield line, f"{room} must not include <{header}>: SQLite is for the registry only"
        if header.startswith("secondwind/"):
            other = header.split("/")[1]
            pure_file = header.removeprefix("secondwind/").removesuffix(".hpp") in PURE_FILES
            itself = other == room and (room in PURE_ROOMS or not is_pure or pure_file)
            pure_part = pure_file and other in ARROWS[room]
            if not itself and not pure_part and other not in allowed:
                source = f"{noun} (pure)" if is_pure and room not in PURE_ROOMS else room
                yield line, f"{source} must not include {other}: no arrow of the design leads there"
        if is_pure and noun not in WRITES_THE_LOG and (
            IMPURE_HEADERS.match(header) or SQLITE_HEADERS.match(header)
        ):
            yield line, f"{noun} decides and never waits: it must not include <{header}>"
        may_use_beast = room in BEAST_ROOMS or path.as_posix() in BEAST_SOURCES
        if header.startswith("boost/beast") and not may_use_beast:
            yield line, f"{room} must not include <{header}>: Beast is for the emulated host only"

    if is_pure and noun not in READS_THE_CLOCK:
        code = blank(text)
        for reading in CLOCK_READING.finditer(code):
            line = line_at(code, reading.start())
            yield line, f"{noun} decides and reads no clock: let the time be given to it"


def system_breaches(path, text):
    """The product's code for one system belongs into a folder for it."""
    if is_of_a_system(path):
        return
    without_comments = re.sub(r"//[^\n]*", "", text)
    for include in INCLUDE.finditer(without_comments):
        if include.group(1) == "<" and SYSTEM_HEADERS.match(include.group(2)):
            yield (
                line_at(without_comments, include.start()),
                f"<{include.group(2)}> is not on each system: use it in posix/, linux/, macos/ or "
                "windows/ only",
            )
    code = blank(text)
    for macro in SYSTEM_MACROS.finditer(code):
        yield (
            line_at(code, macro.start()),
            f"{macro.group()} asks for the system: write a source in posix/ and windows/ instead",
        )


def missing_counterparts(files):
    """The sources for one system that have none of the same name for the others, given all files by
    their paths from the root, with what is missing."""
    for path in sorted(files):
        if not is_of_a_system(path) or path.suffix != ".cpp":
            continue
        room = path.parent.parent
        there = {each for each in SYSTEM_FOLDERS if room / each / path.name in files}
        for_macos = there & {"posix", "macos"}
        for_linux = there & {"posix", "linux"}
        for system, found in (
            ("windows/", there & {"windows"}),
            ("posix/ or macos/", for_macos),
            ("posix/ or linux/", for_linux),
        ):
            if not found:
                yield path, f"{system} has no {path.name}"


def shape_breaches(path, text):
    lines = text.count("\n")
    if lines > MOST_LINES:
        yield lines, f"{lines} lines: a file holds one noun, in at most {MOST_LINES}"
    if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield 1, "a header begins with what it is for, and #pragma once"


def needless_headers(files):
    """The public headers that no other room needs, given all files by their paths from the root:
    include/ is for what another room includes, itself or through such a header."""
    headers = {path: room_of(path) for path in files if path.parts[0] == "include"}
    users = {path: set() for path in headers}
    for path, text in files.items():
        for include in INCLUDE.finditer(text):
            header = Path("include", include.group(2))
            if header in users and room_of(path):
                users[header].add(path)

    needed = set()
    found = {
        header
        for header, room in headers.items()
        if any(room_of(user) != room for user in users[header])
    }
    while found:
        needed |= found
        found = {header for header in headers if users[header] & needed} - needed
    return sorted(set(headers) - needed)


def breaches(path, text):
    """All breaches of one file, given by its path from the root, as (line, sentence)."""
    yield from include_breaches(path, text)
    yield from coroutine_breaches(text)
    if path.parts[0] in ("include", "src"):
        yield from shape_breaches(path, text)
        yield from system_breaches(path, text)


def sources(root):
    for tree in ("include", "src", "tests"):
        for path in sorted((root / tree).rglob("*.[ch]pp")):
            if "node_modules" not in path.parts:
                yield path


def main(root):
    found = 0
    files = {
        path.relative_to(root): path.read_text(encoding="utf-8") for path in sources(root)
    }
    for path, text in files.items():
        for line, sentence in breaches(path, text):
            found += 1
            print(f"{path}:{line}: {sentence}")
    for path, sentence in missing_counterparts(files):
        found += 1
        print(f"{path}:1: {sentence}: each system needs one")
    for path in needless_headers(files):
        found += 1
        print(f"{path}:1: no other room includes this header: it belongs into src/{room_of(path)}")
    print(f"{len(files)} files, {found} breaches")
    # A root without sources is a mistake of the caller, and must not look like a clean tree.
    return 0 if files and not found else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: layers.py ROOT")
    sys.exit(main(Path(sys.argv[1])))
