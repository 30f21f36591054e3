"""docker/: the compose files, and the image that they run, against the executable itself."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import deployment
import yaml
from deployment import DOCKER, ROOT, TOKEN, instruction, needs, port_of, seconds, settings_of
from harness import BINARY, PATIENCE, ask, event_in, process, run

FILES = {
    "alone": ["compose.yaml"],
    "observed": ["compose.yaml", "compose.observability.yaml"],
    "dashboard": ["compose.yaml", "compose.dashboard.yaml"],
    "open-webui": ["compose.yaml", "compose.open-webui.yaml"],
    "host-network": ["compose.host-network.yaml"],
}


def load(name):
    return yaml.safe_load((DOCKER / name).read_text(encoding="utf-8"))


def merged(names):
    """The services of files, as far as compose puts their members together."""
    services = {}
    for name in names:
        for service, body in load(name)["services"].items():
            there = services.setdefault(service, {})
            for key, value in body.items():
                if key in there and isinstance(value, dict):
                    value = there[key] | value
                elif key in there and isinstance(value, list):
                    value = there[key] + [v for v in value if v not in there[key]]
                there[key] = value
    return services


VARIANTS = {name: merged(files) for name, files in FILES.items()}
BASE = VARIANTS["alone"]
# Of all files together.
VOLUMES, SECRETS = ({}, {})
for file in {file for files in FILES.values() for file in files}:
    VOLUMES |= load(file).get("volumes", {})
    SECRETS |= load(file).get("secrets", {})
ENVIRONMENTS = {
    **{name: services["secondwind"]["environment"] for name, services in VARIANTS.items()},
    "demo": BASE["demo"]["environment"],
}


class compose(unittest.TestCase):
    def environment(self, name):
        """The container's environment: the image's and the file's, with a readable secret file."""
        env = dict(entry.split("=", 1) for entry in instruction("ENV"))
        env.update(ENVIRONMENTS[name])
        if "SECONDWIND_ADMIN_TOKEN_FILE" in env:
            secret = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "token")
            secret.write_text(TOKEN + "\n")
            path = pathlib.PurePosixPath(env["SECONDWIND_ADMIN_TOKEN_FILE"])
            self.assertEqual(str(path.parent), "/run/secrets")
            self.assertIn(path.name, VARIANTS[name]["secondwind"]["secrets"])
            env["SECONDWIND_ADMIN_TOKEN_FILE"] = str(secret)
        return env

    def test_the_environment_is_understood(self):
        for name in ENVIRONMENTS:
            with self.subTest(name):
                settings_of(self.environment(name), self)

    def test_each_file_is_tested(self):
        self.assertEqual(
            {file for files in FILES.values() for file in files},
            {path.name for path in DOCKER.glob("compose*.yaml")},
        )

    def test_the_published_ports_are_the_listening_ones(self):
        for name, services in VARIANTS.items():
            published = []
            for service, body in services.items():
                environment = self.environment("demo" if service == "demo" else name)
                settings = settings_of(environment, self)
                listening = {port_of(settings[key][0]) for key in ("listen", "admin.listen")}
                for port in body.get("ports", []):
                    address, outside, inside = port.split(":")
                    self.assertEqual(address, "127.0.0.1", port)
                    published.append(outside)
                    if service in BASE:
                        self.assertIn(int(inside), listening, port)
            self.assertEqual(len(published), len(set(published)), published)

    def test_the_network_of_the_machine_gives_nothing_to_other_machines(self):
        (service,) = VARIANTS["host-network"].values()
        self.assertEqual(service["network_mode"], "host")
        self.assertNotIn("ports", service)
        settings = settings_of(self.environment("host-network"), self)
        for key in ("listen", "admin.listen", "upstreams"):
            with self.subTest(key):
                self.assertIn("127.0.0.1:", settings[key][0])
        # In everything else it is the service of the other file.
        other = {"network_mode", "environment", "ports", "extra_hosts"}
        for key in {*service, *BASE["secondwind"]} - other:
            self.assertEqual(service.get(key), BASE["secondwind"].get(key), key)

    def test_the_app_beside_it_finds_it(self):
        app = VARIANTS["open-webui"]["open-webui"]
        port = port_of(settings_of(self.environment("open-webui"), self)["listen"][0])
        self.assertEqual(app["environment"]["OPENAI_API_BASE_URL"], f"http://secondwind:{port}/v1")
        self.assertIn("secondwind", app["depends_on"])
        told = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
        for name in app["environment"]:
            self.assertIn(f"export {name}=", told)

    def test_its_references_exist(self):
        for body in (body for services in VARIANTS.values() for body in services.values()):
            for volume in body.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((DOCKER / source).exists(), source)
                else:
                    self.assertIn(source, VOLUMES)
            for secret in body.get("secrets", []):
                self.assertIn(secret, SECRETS)
            if build := body.get("build"):
                context = (DOCKER / build["context"]).resolve()
                self.assertEqual(context, ROOT)
                self.assertTrue((context / build["dockerfile"]).is_file())

    def test_the_secret_stays_out_of_the_image_and_of_git(self):
        folder = (DOCKER / SECRETS["admin_token"]["file"]).parent.relative_to(ROOT)
        self.assertIn(str(folder), (ROOT / ".dockerignore").read_text().splitlines())
        self.assertIn(f"/{folder}/", (ROOT / ".gitignore").read_text().splitlines())

    def test_running_answers_have_time_to_end(self):
        drain = settings_of(self.environment("alone"), self)["timeouts.drain"][0]
        self.assertGreater(seconds(BASE["secondwind"]["stop_grace_period"]), seconds(drain))

    def test_it_is_confined(self):
        for name, services in VARIANTS.items():
            for service, body in services.items():
                with self.subTest(name, service=service):
                    self.assertEqual(body["security_opt"], ["no-new-privileges:true"])
                    # Open WebUI runs as root, and nobody promises that it needs no capability.
                    if service != "open-webui":
                        self.assertEqual(body["cap_drop"], ["ALL"])
        for service in BASE.values():
            self.assertTrue(service["read_only"])

    @needs("docker-compose", "docker-compose")
    def test_compose_can_read_them(self):
        for name, files in FILES.items():
            with self.subTest(name):
                chosen = [word for file in files for word in ("-f", str(DOCKER / file))]
                judged = subprocess.run(
                    ["docker-compose", *chosen, "--profile", "demo", "config"],
                    capture_output=True,
                    text=True,
                    timeout=PATIENCE,
                    check=False,
                )
                self.assertEqual(judged.returncode, 0, judged.stderr)
                services = yaml.safe_load(judged.stdout)["services"]
                self.assertEqual(services["secondwind"]["environment"], ENVIRONMENTS[name])

    def test_prometheus_is_admitted_with_its_token_and_host_name(self):
        scrape = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yml").read_text())
        (job,) = scrape["scrape_configs"]
        (target,) = job["static_configs"][0]["targets"]
        self.assertEqual(target.split(":")[0], "secondwind")
        env = self.environment("observed")
        self.assertEqual(port_of(env["SECONDWIND_ADMIN_LISTEN"]), port_of(target))
        env["SECONDWIND_ADMIN_LISTEN"] = "0.0.0.0:0"
        env["SECONDWIND_LISTEN"] = "127.0.0.1:0"
        env["SECONDWIND_UPSTREAM"] = "http://127.0.0.1:9"
        with process(env=env) as proxy:
            proxy.event("listening")
            events = filter(None, (event_in(line, "admin_listening") for line in proxy.errors.seen))
            admin = port_of(next(events)["listen"])
            shown = {"Host": target, "Authorization": f"Bearer {TOKEN}"}
            self.assertEqual(ask(admin, "GET", "/metrics", None, shown)[0], 200)
            self.assertEqual(ask(admin, "GET", "/metrics", None, {"Host": target})[0], 401)
            stranger = {**shown, "Host": "elsewhere:9235"}
            self.assertEqual(ask(admin, "GET", "/metrics", None, stranger)[0], 403)


class image(unittest.TestCase):
    def test_its_verbs_exist(self):
        (health,) = instruction("HEALTHCHECK")
        words = re.findall(r'"([^"]+)"', health.split("CMD", 1)[1])
        verbs = [words[1], *re.findall(r'"([^"]+)"', instruction("CMD")[0])]
        verbs += BASE["demo"]["command"]
        for verb in verbs:
            self.assertEqual(run(verb, "--help").returncode, 0, verb)

    def test_its_user_is_not_root(self):
        (user,) = instruction("USER")
        self.assertRegex(user, r"^[1-9]\d*:[1-9]\d*$")

    @needs("readelf", "binutils")
    def test_sqlite_is_no_library_that_serving_loads(self):
        dynamic = subprocess.run(
            ["readelf", "-d", BINARY], capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
        self.assertIn("(NEEDED)", dynamic)
        self.assertNotIn("sqlite", dynamic.lower())

    @needs("readelf", "binutils")
    @needs("dpkg-query", "dpkg")
    def test_it_has_every_library_that_the_executable_needs(self):
        linked = subprocess.run(
            ["ldd", BINARY], capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
        dynamic = subprocess.run(
            ["readelf", "-d", BINARY], capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
        # The dependencies of these libraries come with their own packages.
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
        # A package may own the path from before /lib and /usr/lib were merged.
        paths = {
            os.path.realpath(path)
            for name, path in re.findall(r"(\S+) => (/\S+)", linked)
            if name in needed
        }
        candidates = paths | {path.removeprefix("/usr") for path in paths}
        owned = subprocess.run(
            ["dpkg-query", "-S", *candidates], capture_output=True, text=True, check=False
        ).stdout
        owners = dict(reversed(line.split(": ", 1)) for line in owned.splitlines())
        packages = set()
        for path in paths:
            owner = owners.get(path) or owners.get(path.removeprefix("/usr"))
            self.assertTrue(owner, f"{path} is of no package")
            packages.add(owner.split(":")[0])
        of_the_base = {"libc6", "libgcc-s1"}
        of_sanitizers = {name for name in packages if re.match(r"lib[a-z]+san\d+$", name)}
        installed = set(" ".join(instruction("RUN")).split())
        self.assertIn("libfmt9", packages)
        self.assertEqual(packages - of_the_base - of_sanitizers - installed, set())


if __name__ == "__main__":
    deployment.main()
