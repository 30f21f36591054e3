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
}


def load(name):
    return yaml.safe_load((DOCKER / name).read_text(encoding="utf-8"))


BASE = load("compose.yaml")["services"]
MORE = load("compose.observability.yaml")
OBSERVED = MORE["services"]
ENVIRONMENTS = {
    "alone": BASE["secondwind"]["environment"],
    "observed": {**BASE["secondwind"]["environment"], **OBSERVED["secondwind"]["environment"]},
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
            self.assertIn(path.name, OBSERVED["secondwind"]["secrets"])
            env["SECONDWIND_ADMIN_TOKEN_FILE"] = str(secret)
        return env

    def test_the_environment_is_understood(self):
        for name in ENVIRONMENTS:
            with self.subTest(name):
                settings_of(self.environment(name), self)

    def test_the_published_ports_are_the_listening_ones(self):
        published = []
        for name, services in (("alone", BASE), ("observed", OBSERVED)):
            for service, body in services.items():
                settings = settings_of(self.environment("demo" if service == "demo" else name), self)
                listening = {port_of(settings[key][0]) for key in ("listen", "admin.listen")}
                for port in body.get("ports", []):
                    address, outside, inside = port.split(":")
                    self.assertEqual(address, "127.0.0.1", port)
                    published.append(outside)
                    if service in BASE:
                        self.assertIn(int(inside), listening, port)
        self.assertEqual(len(published), len(set(published)), published)

    def test_its_references_exist(self):
        for services in (BASE, OBSERVED):
            for body in services.values():
                for volume in body.get("volumes", []):
                    source = volume.split(":")[0]
                    if source.startswith("."):
                        self.assertTrue((DOCKER / source).exists(), source)
                    else:
                        self.assertIn(source, MORE["volumes"])
                for secret in body.get("secrets", []):
                    self.assertIn(secret, MORE["secrets"])
                if build := body.get("build"):
                    context = (DOCKER / build["context"]).resolve()
                    self.assertEqual(context, ROOT)
                    self.assertTrue((context / build["dockerfile"]).is_file())

    def test_the_secret_stays_out_of_the_image_and_of_git(self):
        folder = (DOCKER / MORE["secrets"]["admin_token"]["file"]).parent.relative_to(ROOT)
        self.assertIn(str(folder), (ROOT / ".dockerignore").read_text().splitlines())
        self.assertIn(f"/{folder}/", (ROOT / ".gitignore").read_text().splitlines())

    def test_running_answers_have_time_to_end(self):
        drain = settings_of(self.environment("alone"), self)["timeouts.drain"][0]
        self.assertGreater(seconds(BASE["secondwind"]["stop_grace_period"]), seconds(drain))

    def test_it_is_confined(self):
        # A service in both files is confined by the first.
        for service, body in {**OBSERVED, **BASE}.items():
            with self.subTest(service):
                self.assertEqual(body["cap_drop"], ["ALL"])
                self.assertEqual(body["security_opt"], ["no-new-privileges:true"])
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
