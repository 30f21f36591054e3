"""Keys that clients have to show, as real clients do: the official curl against the executable."""

import hashlib
import json
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import (
    BINARY,
    PATIENCE,
    ask,
    binary_test,
    clean_environment,
    client,
    event_in,
    host,
    port_of,
    process,
    run,
)

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
TOKEN = "sk-lm-of-the-host"
CURL = shutil.which("curl")


def hash_of(key):
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def new_key(name):
    ended = run("key", "new", name, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


class making_keys(unittest.TestCase):
    def test_a_key_is_random_and_its_hash_is_what_the_file_takes(self):
        one, other = new_key("laptop"), new_key("laptop")
        self.assertEqual(one.keys(), {"name", "key", "hash"})
        self.assertEqual(one["name"], "laptop")
        self.assertRegex(one["key"], r"\Asw-[A-Za-z0-9_-]{43}\Z")
        self.assertNotEqual(one["key"], other["key"])
        self.assertEqual(one["hash"], hash_of(one["key"]))

    def test_people_get_the_key_and_the_entry_and_are_told_that_it_is_shown_once(self):
        ended = run("key", "new", "n8n.1")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("not stored", ended.stdout)
        key = re.search(r"^ +(sw-\S+)$", ended.stdout, re.M).group(1)
        entry = json.loads(re.search(r"^ +(\{.*\})$", ended.stdout, re.M).group(1))
        self.assertEqual(entry, {"name": "n8n.1", "hash": hash_of(key)})

    def test_the_entry_can_be_pasted_into_the_file(self):
        made = new_key("laptop")
        entry = {"name": made["name"], "hash": made["hash"]}
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "f.json")
            file.write_text(json.dumps({"clients": {"api_keys": [entry]}}))
            checked = run("check", "-c", str(file))
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))
        self.assertRegex(checked.stdout, r"(?m)^clients\.api_keys +laptop=\*\*\* +\S+f\.json:1$")
        self.assertNotIn(made["hash"][7:], checked.stdout)

    def test_a_bad_name_is_wrong_usage(self):
        for arguments in (("new", "a b"), ("new", ""), ("new",), (), ("old", "a")):
            with self.subTest(arguments=arguments):
                ended = run("key", *arguments)
                self.assertEqual((ended.returncode, ended.stdout), (2, ""))
                self.assertTrue(ended.stderr.startswith("secondwind: "), ended.stderr)

    def hashed(self, given):
        return subprocess.run(
            [BINARY, "key", "hash"],
            env=clean_environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def test_a_key_of_ones_own_is_hashed_from_standard_input(self):
        for given in ("my-own-key-of-old", "my-own-key-of-old\n", "my-own-key-of-old\r\nmore\n"):
            ended = self.hashed(given)
            self.assertEqual((ended.returncode, ended.stderr), (0, ""))
            self.assertEqual(ended.stdout, hash_of("my-own-key-of-old") + "\n")

    def test_a_poor_key_of_ones_own_is_refused_and_not_shown(self):
        for given in ("", "\n", "only-fifteen-ch", "a space in the middle", "tab\tin-the-middle"):
            ended = self.hashed(given)
            self.assertEqual((ended.returncode, ended.stdout), (2, ""))
            self.assertIn("at least 16", ended.stderr)
            self.assertTrue(len(given) < 3 or given.strip() not in ended.stderr)


@unittest.skipUnless(CURL, "curl is missing")
class showing_keys(binary_test):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.file = pathlib.Path(folder, "secondwind.json")
        self.laptop, self.phone = new_key("laptop"), new_key("phone")
        self.lm = self.enterContext(host())
        self.allow(self.laptop, self.phone)

    def allow(self, *keys):
        entries = [{"name": k["name"], "hash": k["hash"]} for k in keys]
        upstream = {"url": self.lm.url, "api_token": TOKEN}
        clients = {"api_keys": entries, "max_failures": 3}
        self.file.write_text(json.dumps({"clients": clients, "upstreams": [upstream]}))

    def start(self, *arguments):
        # Not with --upstream, which would drop the token.
        proxy = self.enterContext(
            process("-c", str(self.file), "--listen", "127.0.0.1:0", *arguments)
        )
        return proxy, port_of(proxy.event("listening")["listen"])

    def curl(self, port, *arguments, path="/v1/chat/completions"):
        return subprocess.Popen(
            [CURL, "-sS", "-i", "-m", str(PATIENCE), *arguments, f"http://127.0.0.1:{port}{path}"],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def refused(self, port, *arguments, **how):
        out, err = self.curl(port, *arguments, **how).communicate(timeout=PATIENCE)
        self.assertEqual(err, "")
        head, body = out.split("\n\n", 1)
        return int(head.split(" ")[1]), head, json.loads(body)

    def served(self, port, *arguments):
        """What the host gets of a request that is let through."""
        asking = self.curl(port, *arguments)
        peer, request = self.lm.take()
        peer.sendall(ANSWER)
        out, err = asking.communicate(timeout=PATIENCE)
        self.assertTrue(out.startswith("HTTP/1.1 200 "), out + err)
        return request.decode()

    def test_a_good_key_passes_in_either_field_and_the_host_gets_its_own_token(self):
        _, port = self.start()
        for fields in (
            ("-H", f"Authorization: Bearer {self.laptop['key']}"),
            ("-H", f"x-api-key: {self.phone['key']}"),
            ("--oauth2-bearer", self.laptop["key"]),
        ):
            request = self.served(port, *fields, "-d", "{}")
            shown = re.findall(r"(?im)^authorization: (.*)\r$", request)
            self.assertEqual(shown, [f"Bearer {TOKEN}"])
            self.assertNotIn("sw-", request)
            self.assertNotIn("x-api-key", request.lower())

    def test_a_missing_or_wrong_key_is_refused_in_the_words_of_each_vendor(self):
        _, port = self.start()
        for fields in ((), ("-H", "Authorization: Bearer sw-wrong"), ("-H", "x-api-key: wrong")):
            status, head, body = self.refused(port, *fields, "-d", "{}")
            self.assertEqual(status, 401)
            self.assertIn("WWW-Authenticate: Bearer", head)
            self.assertEqual(body["error"]["code"], "invalid_api_key")
            self.assertEqual(body["error"]["type"], "invalid_request_error")
        status, _, body = self.refused(port, "-d", "{}", path="/v1/messages")
        self.assertEqual((status, body["type"]), (401, "error"))
        self.assertEqual(body["error"]["type"], "authentication_error")

    def test_who_guesses_has_to_wait_while_a_good_key_of_the_same_address_passes(self):
        proxy, port = self.start()
        told = [event_in(line, "admin_listening") for line in proxy.errors.seen]
        admin = port_of(next(filter(None, told))["listen"])
        seen = [self.refused(port, "-H", "x-api-key: guess")[0] for _ in range(5)]
        self.assertEqual(seen, [401, 401, 401, 429, 429])
        _, head, body = self.refused(port, "-H", "x-api-key: guess", path="/v1/messages")
        self.assertRegex(head, r"(?m)^Retry-After: (60|[1-5]?\d)$")
        self.assertEqual(body["error"]["type"], "rate_limit_error")
        self.served(port, "-H", f"x-api-key: {self.laptop['key']}")
        metrics = ask(admin, "GET", "/metrics")[2].decode()
        for reason, count in (("missing", 0), ("wrong", 3), ("too_many", 3)):
            self.assertIn(
                f'secondwind_client_auth_failures_total{{reason="{reason}"}} {count}\n', metrics
            )

    def test_a_reload_that_takes_a_key_away_lets_the_running_request_end_and_no_other_begin(self):
        proxy, port = self.start()
        ask_for = (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
            f"Authorization: Bearer {self.laptop['key']}\r\n\r\n"
        ).encode()
        with client(port) as app:
            app.send(ask_for)
            peer, _ = self.lm.take()
            peer.sendall(ANSWER.replace(b": 2", b": 9").removesuffix(b"ok") + b"half ")
            app.until(b"half ")
            self.allow(self.phone)
            proxy.signal(signal.SIGHUP)
            self.assertEqual(proxy.event("config_reloaded")["changed"], "clients.api_keys")
            peer.sendall(b"more")
            app.until(b"more")
            app.send(ask_for)
            self.assertTrue(app.rest().startswith(b"HTTP/1.1 401 "))
        self.served(port, "-H", f"x-api-key: {self.phone['key']}")

    def test_a_reload_that_takes_the_last_key_away_opens_the_way_for_everybody(self):
        proxy, port = self.start()
        self.assertEqual(self.refused(port)[0], 401)
        self.allow()
        proxy.signal(signal.SIGHUP)
        proxy.event("config_reloaded")
        self.served(port)

    def test_the_log_tells_names_and_never_keys(self):
        proxy, port = self.start("--log-level", "debug")
        self.served(port, "-H", f"x-api-key: {self.laptop['key']}", "-d", "{}")
        self.assertEqual(proxy.event("exchange")["client"], "laptop")
        self.refused(port, "-H", "x-api-key: sw-guessed-in-vain")
        self.assertEqual(proxy.event("exchange")["detail"], "invalid_api_key")
        proxy.signal()
        self.assertEqual(proxy.wait(), 0)
        told = "\n".join(proxy.errors.rest())
        for secret in (self.laptop["key"], self.laptop["hash"][7:], "sw-guessed", TOKEN):
            self.assertNotIn(secret, told)


class exposure(binary_test):
    def test_warns_about_a_reachable_listener_without_keys(self):
        made = new_key("a")
        keyed = {"SECONDWIND_CLIENTS_API_KEYS": f"a={made['hash']}"}
        open_to_all = ("check", "--listen", "0.0.0.0:1235")
        checked = run(*open_to_all)
        self.assertEqual(checked.returncode, 0)
        self.assertIn("warning: 0.0.0.0:1235 is open to the network", checked.stderr)
        self.assertEqual(run(*open_to_all, env=keyed).stderr, "")
        self.assertEqual(run("check").stderr, "")

    def test_warns_of_hosts_with_different_tokens_where_clients_bring_their_own(self):
        hosts = [
            {"name": name, "url": f"http://127.0.0.1:{port}", "api_token": f"sk-lm-{name}"}
            for name, port in (("rtx", 1), ("mac", 2))
        ]
        keyed = {"SECONDWIND_CLIENTS_API_KEYS": f"a={new_key('a')['hash']}"}
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "secondwind.json")
            file.write_text(json.dumps({"upstreams": hosts}), encoding="utf-8")
            checked = run("check", "-c", str(file))
            self.assertEqual(checked.returncode, 0)
            self.assertIn("warning: rtx, mac have different API tokens", checked.stderr)
            self.assertNotIn("sk-lm", checked.stdout + checked.stderr)
            self.assertEqual(run("check", "-c", str(file), env=keyed).stderr, "")

    def test_warns_at_the_start_and_after_each_reload(self):
        # A loopback address that does not look like one.
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "secondwind.json")
            file.write_text("{}")
            proxy = self.enterContext(
                process("-c", str(file), "--listen", "[::ffff:127.0.0.1]:0")
            )
            told = proxy.event("open_to_network")
            self.assertEqual((told["level"], told["listen"]), ("warn", "[::ffff:127.0.0.1]:0"))
            self.assertIn("clients.api_keys", told["advice"])
            proxy.signal(signal.SIGHUP)
            proxy.event("open_to_network")
            entry = {"name": "a", "hash": hash_of("x")}
            file.write_text(json.dumps({"clients": {"api_keys": [entry]}}))
            proxy.signal(signal.SIGHUP)
            proxy.event("config_reloaded")
            proxy.signal()
            self.assertEqual(proxy.wait(), 0)
            after = proxy.errors.rest()
            warned = [bool(event_in(line, "open_to_network")) for line in after]
            self.assertEqual(warned.count(True), 2)


if __name__ == "__main__":
    unittest.main()
