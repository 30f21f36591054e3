"""/metrics of the executable: as Prometheus' own tool judges it, and as docs/metrics.md tells it.

Without promtool (Debian's package "prometheus") the tests that need it are skipped, and the exit code is 77.
"""

import http.client
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "binary"))

from harness import PATIENCE, ask, binary_test, event_in, host, port_of  # noqa: E402

ALERTS = ROOT / "config" / "prometheus" / "alerts.yml"
DOCS = ROOT / "docs" / "metrics.md"
PROMTOOL = shutil.which("promtool")
SKIPPED = 77

needs_promtool = unittest.skipUnless(
    PROMTOOL, 'promtool is missing: install it (on Debian the package "prometheus")'
)

MODELS = b'{"models":[{"key":"big","size_bytes":5,"loaded_instances":[{"id":"big"}]}]}'
MEASURED = {
    "schema": 1,
    "models": [
        {"key": "big", "works": 4096, "max_context": 8192, "measured_at": "2026-03-14T12:00:00Z"}
    ],
}
NO_MEMORY = b'{"error":"Model loading was stopped due to insufficient system resources."}'
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def promtool(*arguments, given=None):
    return subprocess.run(
        [PROMTOOL, *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def answer(status, body):
    """A complete answer, after which the connection ends."""
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
    )


def families(text):
    """{name: (type, names of labels)} and {label: values} of the metrics at /metrics."""
    found, values, name = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            found[name] = (kind, set())
        elif not line.startswith("#"):
            for label, value in LABEL.findall(line.partition("{")[2].rpartition("}")[0]):
                if label != "le":
                    found[name][1].add(label)
                    values.setdefault((name, label), set()).add(value)
    return found, values


def rows(text):
    """The rows of all tables, as lists of cells."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def in_code(cell):
    return set(re.findall(r"`([^`]+)`", cell))


class metrics(binary_test):
    def setUp(self):
        self.lm = self.enterContext(host())
        self.proxy, self.port = self.serving(
            self.lm.url,
            # So that a recovery finds nothing to unload.
            env={"SECONDWIND_RECOVERY_PINNED": "*", "SECONDWIND_ADMIN_ALLOW_ACTIONS": "true"},
        )
        told = (event_in(line, "admin_listening") for line in self.proxy.errors.seen)
        self.admin = port_of(next(filter(None, told))["listen"])

    def scrape(self):
        status, fields, body = ask(self.admin, "GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(fields["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        return body.decode("utf-8")

    def recover_in_vain(self):
        """One request, and one recovery that finds nothing to unload: all families have series."""
        with in_background(self.port) as app:
            peer, _ = self.lm.take()
            peer.sendall(answer(b"400 Bad Request", NO_MEMORY))
            peer, asked = self.lm.take()
            self.assertTrue(asked.startswith(b"GET /api/v1/models "), asked)
            peer.sendall(answer(b"200 OK", MODELS))
            self.assertEqual(app.status(), 400)

    @needs_promtool
    def test_promtool_has_nothing_to_complain_of(self):
        for moment in ("at the start", "after a recovery"):
            with self.subTest(moment):
                judged = promtool("check", "metrics", given=self.scrape())
                self.assertEqual((judged.stdout, judged.stderr), ("", ""))
                self.assertEqual(judged.returncode, 0)
            if moment == "at the start":
                self.recover_in_vain()

    def test_no_family_comes_later(self):
        before, _ = families(self.scrape())
        self.recover_in_vain()
        after, _ = families(self.scrape())
        self.assertEqual(before.keys(), after.keys())

    def test_each_metric_is_documented_with_its_type_and_labels(self):
        self.recover_in_vain()
        status, _, body = ask(
            self.admin,
            "POST",
            "/api/hosts/default/results",
            json.dumps(MEASURED),
            {"Content-Type": "application/json"},
        )
        self.assertEqual(status, 200, body)
        told, _ = families(self.scrape())
        documented = {}
        for row in rows(DOCS.read_text(encoding="utf-8")):
            (name,) = in_code(row[0])
            if name.startswith(("secondwind_", "process_")):
                self.assertEqual(len(row), 5, row)
                self.assertNotIn(name, documented)
                documented[name] = (row[1], in_code(row[2]))
        self.assertEqual(documented.keys(), told.keys())
        for name, meant in documented.items():
            self.assertEqual(meant, told[name], name)

    def test_the_values_of_labels_are_documented(self):
        _, told = families(self.scrape())
        documented = {}
        for row in rows(DOCS.read_text(encoding="utf-8")):
            if len(row) == 2:
                (name,) = in_code(row[0])
                documented[name] = {v for v in in_code(row[1]) if "/" not in v}
        for metric, label in (
            ("secondwind_request_duration_seconds", "route"),
            ("secondwind_recoveries_total", "verdict"),
            ("secondwind_recoveries_total", "outcome"),
        ):
            self.assertEqual(documented[label], told[metric, label], label)

    def test_the_rules_ask_for_nothing_that_is_not_there(self):
        told, _ = families(self.scrape())
        asked = set(re.findall(r"\b(?:secondwind|process)_\w+", ALERTS.read_text(encoding="utf-8")))
        self.assertTrue(asked)
        self.assertEqual(asked - told.keys(), set())


class in_background:
    """A request whose answer is read later."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def __enter__(self):
        self._connection.request(
            "POST",
            "/v1/chat/completions",
            b'{"model":"huge"}',
            {"Content-Type": "application/json"},
        )
        return self

    def __exit__(self, *_):
        self._connection.close()

    def status(self):
        answered = self._connection.getresponse()
        answered.read()
        return answered.status


class rules(unittest.TestCase):
    @needs_promtool
    def test_promtool_can_read_them(self):
        judged = promtool("check", "rules", str(ALERTS))
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)

    @needs_promtool
    def test_each_fires_when_it_should(self):
        file = pathlib.Path(__file__).with_name("alerts_test.yml")
        judged = promtool("test", "rules", str(file))
        self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
        fired = set(re.findall(r"^\s+alertname: (\w+)$", file.read_text(encoding="utf-8"), re.M))
        self.assertEqual(fired, self.names())

    def test_each_is_documented(self):
        documented = set()
        for row in rows(DOCS.read_text(encoding="utf-8")):
            documented |= {name for name in in_code(row[0]) if name.startswith("Secondwind")}
        self.assertEqual(documented, self.names())

    def names(self):
        return set(re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    ended = unittest.main(exit=False).result
    if not ended.wasSuccessful():
        sys.exit(1)
    for _, reason in ended.skipped:
        print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(SKIPPED if ended.skipped else 0)
