"""config/examples/kubernetes.yaml: that its parts fit each other, the executable and its image."""

import json
import pathlib
import tempfile
import unittest

import deployment
import yaml
from deployment import ROOT, TOKEN, checked, instruction, port_of, seconds, settings_of
from harness import run

MANIFEST = ROOT / "config" / "examples" / "kubernetes.yaml"
KINDS = {d["kind"]: d for d in yaml.safe_load_all(MANIFEST.read_text(encoding="utf-8"))}
POD = KINDS["Deployment"]["spec"]["template"]
(OURS,) = POD["spec"]["containers"]
PORTS = {port["name"]: port["containerPort"] for port in OURS["ports"]}
POD_IP = "192.0.2.11"


class kubernetes(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.files = {}
        volumes = {volume["name"]: volume for volume in POD["spec"]["volumes"]}
        for mount in OURS["volumeMounts"]:
            volume = volumes.pop(mount["name"])
            if "configMap" in volume:
                held = KINDS["ConfigMap"]
                self.assertEqual(volume["configMap"]["name"], held["metadata"]["name"])
                content = held["data"]
            else:
                held = KINDS["Secret"]
                self.assertEqual(volume["secret"]["secretName"], held["metadata"]["name"])
                content = held["stringData"]
            for name, text in content.items():
                file = folder / name
                file.write_text(text)
                self.files[f"{mount['mountPath']}/{name}"] = file
        self.assertEqual(volumes, {}, "not mounted")

    def environment(self, token=TOKEN):
        env = dict(entry.split("=", 1) for entry in instruction("ENV"))
        for variable in OURS["env"]:
            value = variable.get("value", POD_IP).replace("$(POD_IP)", POD_IP)
            env[variable["name"]] = str(self.files.get(value, value))
        if token:
            pathlib.Path(env["SECONDWIND_ADMIN_TOKEN_FILE"]).write_text(token)
        return env

    def test_its_settings_are_understood(self):
        settings = settings_of(self.environment(), self)
        self.assertEqual(port_of(settings["listen"][0]), PORTS["http"])
        self.assertEqual(settings["admin.listen"][0], f"{POD_IP}:{PORTS['admin']}")
        self.assertEqual(settings["admin.probe_listen"][0], f"{POD_IP}:{PORTS['probes']}")

    def test_a_service_that_is_named_secondwind_does_not_disturb_it(self):
        self.assertIs(POD["spec"]["enableServiceLinks"], False)
        links = {
            "SECONDWIND_SERVICE_HOST": "10.96.0.7",
            "SECONDWIND_SERVICE_PORT": "1235",
            "SECONDWIND_SERVICE_PORT_HTTP": "1235",
            "SECONDWIND_PORT": "tcp://10.96.0.7:1235",
            "SECONDWIND_PORT_1235_TCP": "tcp://10.96.0.7:1235",
            "SECONDWIND_PORT_1235_TCP_ADDR": "10.96.0.7",
        }
        ended = run("check", env=self.environment() | links)
        self.assertEqual((ended.returncode, ended.stderr.count("error")), (0, 0), ended.stderr)

    def test_its_example_token_cannot_be_used(self):
        ended = run("check", env=self.environment(token=None))
        self.assertEqual(ended.returncode, 78)
        self.assertIn("a token of at least", ended.stderr)

    def test_the_probes_use_existing_paths(self):
        paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
        for probe in ("livenessProbe", "readinessProbe"):
            check = OURS[probe]["httpGet"]
            self.assertIn("get", paths[check["path"]], probe)
            self.assertEqual(check["port"], "probes")
            # A path that needs the token would fail without it.
            self.assertEqual(paths[check["path"]]["get"].get("security", []), [])

    def test_it_has_time_to_drain(self):
        (word, pause) = OURS["lifecycle"]["preStop"]["exec"]["command"]
        self.assertEqual(word, "sleep")
        drain = seconds(checked(self.environment())["timeouts.drain"][0])
        grace = POD["spec"]["terminationGracePeriodSeconds"]
        self.assertGreater(grace, drain + int(pause))

    def test_lm_studio_ends_after_secondwind(self):
        (lm_studio,) = POD["spec"]["initContainers"]
        self.assertEqual(lm_studio["restartPolicy"], "Always")
        upstream = checked(self.environment())["upstreams"][0]
        self.assertEqual(upstream, f"{lm_studio['name']}=http://127.0.0.1:1234")

    def test_all_selectors_match_the_pods(self):
        labels = POD["metadata"]["labels"]
        self.assertEqual(KINDS["Deployment"]["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(KINDS["Service"]["spec"]["selector"], labels)
        self.assertEqual(KINDS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"], labels)
        (port,) = KINDS["Service"]["spec"]["ports"]
        self.assertIn(port["targetPort"], PORTS)

    def test_it_is_confined_as_the_image_is(self):
        held = OURS["securityContext"]
        self.assertEqual([f"{held['runAsUser']}:{held['runAsGroup']}"], instruction("USER"))
        self.assertTrue(held["runAsNonRoot"] and held["readOnlyRootFilesystem"])
        self.assertEqual(held["capabilities"], {"drop": ["ALL"]})


if __name__ == "__main__":
    deployment.main()
