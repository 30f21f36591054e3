"""The settings of clients, as far as they can be tested without the clients: the README has those
of docs/clients.md, each address answers, and scripts/agents.sh runs what the page says it runs."""

import json
import re
import tempfile
import unittest
import urllib.request

from pages import ROOT, anchors, blocks, in_code, rows, section
from stage import stage

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
SCRIPT = (ROOT / "scripts" / "agents.sh").read_text(encoding="utf-8")
AGENTS = re.findall(
    r"name: '([^']+)',\n    command: '([^']+)'", (ROOT / "tests/e2e/agents/agents.js").read_text()
)

MODEL = "qwen/qwen3-coder-30b"
ADDRESS = re.compile(r"http://127\.0\.0\.1:1235[\w./]*")
ASSIGNMENT = re.compile(r"\w+=\S+")
PATIENCE = 30  # seconds

HEADINGS = re.findall(r"^## (.+)$", PAGE, re.M)


def section_of(anchor):
    (heading,) = (name for name in HEADINGS if anchors(f"## {name}\n") == {anchor})
    return section(PAGE, heading)


def shell_lines(text):
    return [line for b in blocks(text) if b.language == "sh" for line in b.text.splitlines()]


def ask(url, body=None):
    """The status of an answer to a client with the page's key."""
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": "Bearer lm-studio", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        answer.read()
        return answer.status


class clients(unittest.TestCase):
    def test_the_readme_has_the_settings_of_the_page(self):
        compared = 0
        for client, settings in rows(section(README, "Point your app at it")):
            for anchor in re.findall(r"\(docs/clients\.md#([\w-]+)\)", client):
                text = section_of(anchor)
                for words in in_code(settings):
                    exported = ASSIGNMENT.fullmatch(words)
                    there = shell_lines(text) if exported else [text]
                    wanted = f"export {words}" if exported else words
                    with self.subTest(client, words=words):
                        self.assertTrue(any(wanted in line for line in there), "not on the page")
                        compared += 1
            self.assertIn("(docs/clients.md#", client, "the row leads to no section")
        self.assertGreater(compared, 10)

    def test_each_address_answers(self):
        body = {"model": MODEL, "max_tokens": 8, "messages": [{"role": "user", "content": "Hi"}]}
        directory = self.enterContext(tempfile.TemporaryDirectory())
        with stage(directory, own=False, installed=True) as here:
            addresses = set(ADDRESS.findall(PAGE) + ADDRESS.findall(README))
            for address in sorted(addresses):
                base = here.staged(address).rstrip("/")
                with self.subTest(address):
                    if "/v1/" in address.rstrip("/"):  # the README's call of a path
                        self.assertEqual(ask(base, body), 200)
                        continue
                    root = base.removesuffix("/v1")
                    self.assertEqual(ask(f"{root}/v1/models"), 200)
                    call = "chat/completions" if base != root else "messages"
                    self.assertEqual(ask(f"{root}/v1/{call}", body), 200)
        self.assertIn("http://127.0.0.1:1235/v1", addresses)
        self.assertIn("http://127.0.0.1:1235", addresses)

    def test_the_files_of_clients_can_be_read(self):
        read = [b for b in blocks(PAGE) if b.language == "json" and b.is_for_a_client()]
        for one in read:
            with self.subTest(line=one.line):
                self.assertIn(MODEL, one.text)
                json.loads(one.text)
        self.assertTrue(read)

    def test_the_nightly_run_has_each_client_that_the_page_says(self):
        said = {
            re.match(r"\[([^\]]+)\]", client)[1]
            for client, _, tested in (row for row in rows(PAGE) if len(row) == 3)
            if tested.startswith("every night")
        }
        self.assertEqual(said, {name for name, _ in AGENTS})
        usage = re.search(r"scripts/agents\.sh \[(.+)\]", SCRIPT)[1].split("|")
        self.assertEqual(usage, [command for _, command in AGENTS])
        for name, command in AGENTS:
            with self.subTest(name):
                started = shell_lines(section(PAGE, name))[-1]
                self.assertEqual(started.split()[0], command)
        self.assertEqual(SCRIPT.count("@latest"), len(AGENTS))


if __name__ == "__main__":
    unittest.main()
