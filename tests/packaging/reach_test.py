"""The services of the compose file, asked from outside of their container: each runs in a network
namespace of its own, with the environment of the image and of the file, and a cable (veth) leads
to it. What listens on the loopback address alone cannot be reached that way.
"""

import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import unittest

import deployment
import yaml
from deployment import DOCKER, SKIPPED, instruction, port_of
from harness import BINARY, PATIENCE, clean_environment, lines

COMPOSE = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]
MARK = "REACH_TEST_INSIDE"
OUTSIDE, INSIDE = "10.77.0.1", "10.77.0.2"
# The cable comes when the namespace exists, and the program starts when the cable is there.
PROGRAM = """
    echo ready
    read -r go
    ip link set lo up
    ip address add "$0/24" dev veth-in
    ip link set veth-in up
    exec "$@"
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], timeout=PATIENCE, check=True)


@contextlib.contextmanager
def container(service):
    """The service in a network of its own, which is at INSIDE: the lines that it prints."""
    env = dict(entry.split("=", 1) for entry in instruction("ENV")) | service["environment"]
    command = service.get("command", instruction("CMD")[0].strip('["]').split())
    child = subprocess.Popen(
        ["unshare", "--net", "sh", "-euc", PROGRAM, INSIDE, BINARY, *command],
        env=clean_environment(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output = lines(child.stdout)
    try:
        output.until(lambda line: line == "ready")
        ip("link", "add", "name", "veth-out", "type", "veth", "peer", "name", "veth-in")
        ip("link", "set", "veth-in", "netns", str(child.pid))
        ip("address", "add", f"{OUTSIDE}/24", "dev", "veth-out")
        ip("link", "set", "veth-out", "up")
        child.stdin.write("go\n")
        child.stdin.close()
        yield output
    finally:
        child.kill()
        child.wait()
        output.close()
        ip("link", "delete", "veth-out")


def ask(published, method, path, body=None, **fields):
    """(status, body) of a request to a published port, as a program on the machine sends it."""
    address, outside, inside = published.rsplit(":", 2)
    connection = http.client.HTTPConnection(INSIDE, int(inside), timeout=PATIENCE)
    with contextlib.closing(connection):
        named = {k.replace("_", "-"): v for k, v in fields.items()}
        connection.request(method, path, body, {"Host": f"{address}:{outside}", **named})
        answer = connection.getresponse()
        return answer.status, answer.read()


class reach(unittest.TestCase):
    def test_the_demo_and_its_dashboard_are_reachable(self):
        demo = SERVICES["demo"]
        for_apps, dashboard = demo["ports"]
        wish = {
            "model": "qwen/qwen3-coder-30b",
            "messages": [{"role": "user", "content": "Hi"}],
        }
        with container(demo) as output:
            # What it prints can be used as it is.
            output.until(lambda line: f"http://{':'.join(for_apps.split(':')[:2])}/v1" in line)
            shown = f"Dashboard: http://{':'.join(dashboard.split(':')[:2])}/"
            output.until(lambda line: line == shown)
            json_type = {"Content_Type": "application/json"}
            status, body = ask(
                for_apps, "POST", "/v1/chat/completions", json.dumps(wish), **json_type
            )
            self.assertEqual(status, 200, body)
            self.assertEqual(ask(dashboard, "GET", "/")[0], 401)
            token = demo["environment"]["SECONDWIND_ADMIN_TOKEN"]
            self.assertIn(f"a token, which is {token}", COMPOSE)
            shown_token = {"Authorization": f"Bearer {token}"}
            status, body = ask(dashboard, "GET", "/", **shown_token)
            self.assertEqual(status, 200, body)
            self.assertIn(b"<html", body)
            status, body = ask(dashboard, "GET", "/api/status", **shown_token)
            self.assertEqual(status, 200, body)
            self.assertEqual(json.loads(body)["totals"]["recovered"], 2)

    def test_the_proxy_is_reachable(self):
        proxy = SERVICES["secondwind"]
        (published,) = proxy["ports"]
        with container(proxy) as output:
            output.until(lambda line: '"listening"' in line)
            # There is no LM Studio, so the answer is one of secondwind.
            status, body = ask(published, "GET", "/v1/models")
            self.assertEqual(status, 502, body)

    def test_what_listens_on_loopback_is_not_reachable(self):
        # Otherwise the other tests would prove nothing.
        hidden = {**SERVICES["demo"]}
        hidden["environment"] = {
            **hidden["environment"],
            "SECONDWIND_LISTEN": f"127.0.0.1:{port_of(hidden['ports'][0])}",
        }
        with container(hidden) as output:
            output.until(lambda line: "Dashboard:" in line)
            with self.assertRaises(ConnectionRefusedError):
                ask(hidden["ports"][0], "GET", "/v1/models")


def enter_a_namespace():
    """Runs this test again in a network of its own; 77 where that is not permitted."""
    reason = ""
    if not (shutil.which("unshare") and shutil.which("ip")):
        reason = "unshare or ip is missing (on Debian in util-linux and iproute2)"
    else:
        tried = subprocess.run(
            ["unshare", "--map-root-user", "--net", "sh", "-ec"]
            + ["ip link add name veth-a type veth peer name veth-b; unshare --net true"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if tried.returncode != 0:
            reason = f"network namespaces are not permitted: {tried.stderr.strip()}"
    if reason:
        print(f"skipped: {reason}", file=sys.stderr)
        sys.exit(SKIPPED)
    os.environ[MARK] = "1"
    again = [sys.executable, "-B", __file__, *sys.argv[1:]]
    os.execvp("unshare", ["unshare", "--map-root-user", "--net", *again])


if __name__ == "__main__":
    if MARK not in os.environ:
        enter_a_namespace()
    deployment.main()
