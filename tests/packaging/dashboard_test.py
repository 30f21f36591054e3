"""Prometheus and Grafana for secondwind: their files against docs/metrics.md and promtool."""

import itertools
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import deployment
import yaml
from deployment import DOCKER, ROOT, TOKEN, needs
from harness import PATIENCE

DASHBOARD = json.loads((DOCKER / "grafana/dashboards/secondwind.json").read_text(encoding="utf-8"))
SERVICES = yaml.safe_load((DOCKER / "compose.observability.yaml").read_text())["services"]
SERIES = re.compile(r"\b((?:secondwind|process)_\w+)(?:\{([^}]*)\})?")


def documented():
    """{metric: (type, labels)} of docs/metrics.md."""
    found = {}
    for line in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines():
        row = [cell.strip() for cell in line.strip("|").split("|")]
        if len(row) == 5 and row[0].startswith(("`secondwind_", "`process_")):
            found[row[0].strip("`")] = (row[1], set(re.findall(r"`(\w+)`", row[2])))
    return found


def queries():
    """(panel, PromQL) of everything that the dashboard asks for."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for note in DASHBOARD["annotations"]["list"]:
        yield note["name"], note["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        yield variable["name"], variable["definition"]


def in_container(service):
    """{path in the container: the file here} of the mounts."""
    pairs = (v.split(":")[:2] for v in SERVICES[service]["volumes"] if v.startswith("."))
    return {inside: (DOCKER / source).resolve() for source, inside in pairs}


def promtool(*arguments):
    return subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )


class dashboard(unittest.TestCase):
    def test_it_uses_only_existing_metrics(self):
        known = documented()
        parts = {"_bucket", "_sum", "_count"}
        for panel, query in queries():
            met = SERIES.findall(query)
            self.assertTrue(met, panel)
            for name, selector in met:
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                if name not in known:
                    self.assertIn(family, known, panel)
                    self.assertEqual(known[family][0], "histogram", panel)
                    self.assertIn(name.removeprefix(family), parts)
                    name = family
                labels = set(re.findall(r"(\w+)\s*[=!]~?", selector))
                self.assertEqual(labels - known[name][1] - {"instance", "job"}, set(), panel)

    def test_it_groups_and_names_only_by_existing_labels(self):
        labels = {"instance", "le"}.union(*(of for _, of in documented().values()))
        for panel, query in queries():
            grouped = re.findall(r"\bby \(([^)]*)\)", query)
            used = set(re.findall(r"\w+", " ".join(grouped)))
            self.assertEqual(used - labels, set(), panel)
        for panel in DASHBOARD["panels"]:
            for target in panel.get("targets", []):
                used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                kept = re.findall(r"\bby \(([^)]*)\)", target["expr"])
                if kept:
                    used -= set(re.findall(r"\w+", " ".join(kept)))
                    self.assertEqual(used, set(), panel["title"])
                self.assertEqual(used - labels, set(), panel["title"])

    @needs("promtool", "prometheus")
    def test_its_queries_are_promql(self):
        rules = []
        for number, (_, query) in enumerate(queries()):
            if query.startswith("label_values("):
                query = query.removeprefix("label_values(").rsplit(",", 1)[0]
            query = query.replace("$__rate_interval", "1m")
            rules.append({"record": f"query:{number}", "expr": query})
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "queries.yml")
            file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
            judged = promtool("check", "rules", str(file))
            self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)

    def test_no_panel_covers_another(self):
        panels = DASHBOARD["panels"]
        numbers = [panel["id"] for panel in panels]
        self.assertEqual(len(numbers), len(set(numbers)))
        for one, other in itertools.combinations((panel["gridPos"] for panel in panels), 2):
            apart = (
                one["x"] + one["w"] <= other["x"]
                or other["x"] + other["w"] <= one["x"]
                or one["y"] + one["h"] <= other["y"]
                or other["y"] + other["h"] <= one["y"]
            )
            self.assertTrue(apart, (one, other))
        self.assertTrue(all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels))

    def test_grafana_finds_it_and_its_data(self):
        folder = DOCKER / "grafana/provisioning"
        (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())[
            "datasources"
        ]
        used = set(re.findall(r'"datasource": (\{[^}]*\})', json.dumps(DASHBOARD)))
        self.assertEqual({json.loads(one)["uid"] for one in used}, {source["uid"]})
        name, port = source["url"].removeprefix("http://").split(":")
        self.assertIn(f"127.0.0.1:{port}:{port}", SERVICES[name]["ports"])

        (provider,) = yaml.safe_load((folder / "dashboards/secondwind.yaml").read_text())[
            "providers"
        ]
        mounted = in_container("grafana")
        here = mounted[provider["options"]["path"]]
        home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertEqual(str(pathlib.PurePosixPath(home).parent), provider["options"]["path"])
        self.assertTrue((here / pathlib.PurePosixPath(home).name).is_file())
        self.assertEqual(mounted["/etc/grafana/provisioning"], folder.resolve())


class prometheus(unittest.TestCase):
    @needs("promtool", "prometheus")
    def test_promtool_can_read_its_configuration(self):
        mounted = in_container("prometheus")
        with tempfile.TemporaryDirectory() as folder:
            token = pathlib.Path(folder, "admin_token")
            token.write_text(TOKEN)
            mounted["/run/secrets/admin_token"] = token
            file = pathlib.Path(folder, "prometheus.yml")
            text = mounted["/etc/prometheus/prometheus.yml"].read_text(encoding="utf-8")
            for inside, here in mounted.items():
                text = text.replace(inside, str(here))
            file.write_text(text)
            judged = promtool("check", "config", str(file))
            self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)
            self.assertRegex(judged.stdout, r"SUCCESS: \d+ rules found")

    def test_its_job_is_the_one_that_the_rules_expect(self):
        (job,) = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text())[
            "scrape_configs"
        ]
        query = (ROOT / "config/prometheus/alerts.yml").read_text() + json.dumps(DASHBOARD)
        expected = set(re.findall(r'\bjob=\\?"(\w+)', query))
        self.assertEqual(expected, {job["job_name"]})


if __name__ == "__main__":
    deployment.main()
