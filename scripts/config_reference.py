#!/usr/bin/env python3
"""Writes the reference in docs/configuration.md from config/secondwind.schema.json.

    scripts/config_reference.py            writes it
    scripts/config_reference.py --check    only tells whether it is up to date, and fails if not

Everything below the line that begins with MARK is made here; what is above it is written by hand.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "config" / "secondwind.schema.json"
PAGE = ROOT / "docs" / "configuration.md"
MARK = "<!-- From here on made by scripts/config_reference.py: change config/secondwind.schema.json"

# One variable names one upstream as a rule, so it is in the singular as the flag is.
SINGULAR = {
    "upstreams": "upstream",
    "upstreams[].api_token": "upstream.api_token",
    "upstreams[].api_token_file": "upstream.api_token_file",
}
FLAGS = {
    "listen": "--listen",
    "upstreams": "--upstream",
    "admin.listen": "--admin",
    "log.level": "--log-level",
    "log.format": "--log-format",
    "log.file": "--log-file",
}
FILE = "_file"


def resolved(schema, root):
    """A key's schema with what it refers to."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rsplit("/", 1)[1]
    return {**root["$defs"][name], **schema, "kind": name}


def keys(root):
    """(section, key, schema, siblings) of each key; those that are in no section come first."""
    top = {n: s for n, s in root["properties"].items() if n != "$schema"}
    sections = {n: s["properties"] for n, s in top.items() if s.get("type") == "object"}
    for name in (n for n in top if n not in sections):
        for key, schema, siblings in with_members(name, top[name], top, root):
            yield None, key, schema, siblings
    for section, inside in sections.items():
        for name, one in inside.items():
            for key, schema, siblings in with_members(f"{section}.{name}", one, inside, root):
                yield section, key, schema, siblings


def with_members(name, schema, siblings, root):
    """A key, and those in the objects of a list that it is."""
    yield name, resolved(schema, root), siblings
    items = schema.get("items", {})
    for inner, one in items.get("properties", {}).items():
        one = {"required": inner in items.get("required", []), **resolved(one, root)}
        yield f"{name}[].{inner}", one, items["properties"]


def leaf(name):
    return name.rsplit(".", 1)[-1]


def is_secret(name, siblings):
    """A secret has a sister that names a file with it."""
    return leaf(name) + FILE in siblings


def variable(name):
    """The environment variable of a key, or nothing for what only the file can say."""
    known = SINGULAR.get(name, name)
    if "[]" in known:
        return None
    return "SECONDWIND_" + known.replace(".", "_").upper()


def code(value):
    return f"`{value}`"


def values(name, schema):
    """What a key may be, in a few words."""
    kind = schema.get("kind") or schema.get("type")
    if "enum" in schema:
        return ", ".join(code(v) for v in schema["enum"])
    if kind == "boolean":
        return "`true`, `false`"
    if kind == "integer":
        return f"{schema['minimum']} to {schema['maximum']}"
    if kind == "array":
        inner = "objects" if schema["items"].get("type") == "object" else "strings"
        few, many = schema.get("minItems", 0), schema.get("maxItems")
        return f"a list of {few} to {many} {inner}" if many else f"a list of {inner}"
    if kind in ("duration", "size"):
        return kind
    last = leaf(name)
    if last.endswith(FILE) or name in ("recovery.ledger_file", "log.file"):
        return "a file's name"
    if last == "listen":
        return "`ADDRESS:PORT`" + (", `off`" if "|off" in schema.get("pattern", "") else "")
    return "a URL" if last == "url" else "text"


def default(schema):
    if schema.get("required"):
        return "required"
    value = schema.get("default", "")
    if value == "":
        return "none"
    if value == []:
        return "empty"
    return code(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def row(name, schema, siblings):
    first = [code(name)]
    if found := variable(name):
        first.append(code(found))
    if name in FLAGS:
        first.append(code(FLAGS[name]))
    told = re.sub(r"([|*<])", r"\\\1", schema["description"])
    if is_secret(name, siblings):
        told = f"**Secret.** {told}"
    cells = ["<br>".join(first), values(name, schema), default(schema), told]
    return "| " + " | ".join(cells) + " |"


def reference(root):
    lines, current = [], ""
    for section, name, schema, siblings in keys(root):
        if section != current:
            current = section
            title = section or "Listeners and hosts"
            lines += ["", f"## {title}", ""]
            if section:
                lines += [root["properties"][section]["description"], ""]
            lines += ["| key, variable, flag | values | default | what it does |"]
            lines += ["|---|---|---|---|"]
        lines.append(row(name, schema, siblings))
    return "\n".join(lines) + "\n"


def page(written, root):
    """The page with the reference made anew."""
    head, mark, _ = written.partition(MARK)
    if not mark:
        raise SystemExit(f'{PAGE} has no line that begins with "{MARK}"')
    return f"{head}{MARK} -->\n{reference(root)}"


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(f"usage: {Path(sys.argv[0]).name} [--check]")
    written = PAGE.read_text(encoding="utf-8")
    made = page(written, json.loads(SCHEMA.read_text(encoding="utf-8")))
    if made == written:
        return 0
    if arguments:
        print(f"{PAGE.relative_to(ROOT)} is not what the schema makes of it: run {sys.argv[0]}")
        return 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
