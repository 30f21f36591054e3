"""Holds docs/openapi.json against the answers of the executable, and the answers against it.

Every documented path, method and status must be seen here, each with a body that its schema allows;
and an answer that the document does not know fails the test that has asked for it.
"""

import contextlib
import json
import pathlib
import re
import signal
import sys
import tempfile
import threading
import unittest

try:
    import jsonschema
except ImportError:
    print("skipped: this needs python3-jsonschema (scripts/install-deps.sh test)")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "binary"))
sys.path.insert(0, str(HERE))

from harness import ask, binary_test, client, closed_port, host, port_of, process  # noqa: E402
from ws_client import websocket  # noqa: E402

CONTRACT = json.loads((HERE.parents[1] / "docs" / "openapi.json").read_text(encoding="utf-8"))
TOKEN = "of-operators-0123456789"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
JSON = {"Content-Type": "application/json"}
METHODS = ("get", "head", "post", "put", "patch", "delete")
MESSAGES = ("snapshot", "resumed", "recovery", "host", "move", "settings", "draining")
SOCKETS = ("/events", "/lab")
NO_SUCH = {
    **dict.fromkeys(("unload", "load", "drain", "undrain", "publish_results"), {"name": "nobody"}),
    "cancel": {"number": 999},
    "asset": {"file": "none.js"},
}

LARGE = {"/api/hosts/{name}/results": 2**20}  # bytes; more than these are too many

seen = set()  # (path, method, status)
heard = set()  # types of messages


def operations():
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def resolved(node):
    while "$ref" in node:
        path = node["$ref"].removeprefix("#/").split("/")
        node = CONTRACT
        for part in path:
            node = node[part]
    return node


def complaints(schema, value):
    resolver = jsonschema.RefResolver.from_schema(CONTRACT)
    checker = jsonschema.Draft202012Validator(schema, resolver=resolver)
    return [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
        for e in sorted(checker.iter_errors(value), key=str)
    ]


def schema_of(name):
    return CONTRACT["components"]["schemas"][name]


class contract_test(binary_test):
    def started(self, *arguments, env=None):
        """A process, its data port and its admin port."""
        running = self.enterContext(
            process(*arguments, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                    "--log-level", "info", env=env)
        )
        self.admin = port_of(running.event("admin_listening")["listen"])
        return running

    def ask(self, path, method="get", status=200, body=None, fields=None, query="", **places):
        """One request; its answer is held against the contract, and given parsed."""
        operation = CONTRACT["paths"][path][method]
        if method == "post" and fields is None:
            fields = {**WITH_TOKEN, **JSON}
        target = path.format(**places) + query
        text = body if isinstance(body, (str, type(None))) else json.dumps(body)
        code, heads, content = ask(
            self.admin, method.upper(), target, text, WITH_TOKEN if fields is None else fields
        )
        message = f"{method} {target} answered {code} {content[:300]!r}"
        self.assertEqual(code, status, message)
        self.assertIn(str(code), operation["responses"], f"not documented: {message}")
        seen.add((path, method, str(code)))
        documented = resolved(operation["responses"][str(code)]).get("content")
        if not documented:
            self.assertEqual(content, b"", message)
            return None
        (kind, shape), = documented.items()
        if kind == "*/*":
            return content
        self.assertEqual(heads["Content-Type"].split(";")[0], kind, message)
        told = json.loads(content) if kind == "application/json" else content.decode()
        self.assertEqual(complaints(shape["schema"], told), [], message)
        return told

    def hear(self, listener, *types):
        """The next message, which must be of one of these types."""
        message = listener.message()
        self.assertEqual(complaints(schema_of("event"), message), [], json.dumps(message)[:2000])
        self.assertIn(message["type"], types)
        heard.add(message["type"])
        return message

    def listener(self, query="", fields=None, path="/events"):
        fields = WITH_TOKEN if fields is None else fields
        found = self.enterContext(websocket(self.admin, path + query, fields))
        self.assertIn(str(found.status), CONTRACT["paths"][path]["get"]["responses"])
        seen.add((path, "get", str(found.status)))
        if found.status != 101:
            self.assertEqual(complaints(schema_of("error"), json.loads(found.body)), [])
        return found


class the_document(unittest.TestCase):
    def test_is_made_of_schemas_that_are_well_formed(self):
        for name, schema in CONTRACT["components"]["schemas"].items():
            with self.subTest(schema=name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_allows_no_member_that_it_does_not_name_and_misses_none(self):
        def walk(node, where):
            if isinstance(node, dict):
                if node.get("type") == "object" and "properties" in node:
                    self.assertIs(node.get("additionalProperties"), False, where)
                    self.assertEqual(node["required"], list(node["properties"]), where)
                for key, value in node.items():
                    walk(value, f"{where}/{key}")
            elif isinstance(node, list):
                for index, value in enumerate(node):
                    walk(value, f"{where}/{index}")

        walk({"paths": CONTRACT["paths"], "components": CONTRACT["components"]}, "")

    def test_has_examples_that_are_as_it_says(self):
        count = 0
        for name, schema in CONTRACT["components"]["schemas"].items():
            for example in schema.get("examples", []):
                count += 1
                with self.subTest(schema=name):
                    self.assertEqual(complaints(schema, example), [])
        self.assertGreater(count, 20)

    def test_refers_only_to_what_is_there_and_uses_all_of_it(self):
        text = json.dumps(CONTRACT)
        referred = set(re.findall(r'"#/components/(\w+)/(\w+)"', text))
        for kind, name in referred:
            self.assertIn(name, CONTRACT["components"][kind])
        for kind in ("schemas", "responses"):
            for name in CONTRACT["components"][kind]:
                used = (kind, name) in referred or name == "event"
                self.assertTrue(used, f"{kind}/{name} is used nowhere")

    def test_names_each_parameter_of_a_path(self):
        for path, method, operation in operations():
            named = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"]
            self.assertEqual(named, re.findall(r"{(\w+)}", path), f"{method} {path}")


class a_guarded_server(contract_test):
    """With a token, with actions, and with room for one listener to events. Its host is that of a
    demonstration, which has one model loaded and no room for another."""

    def setUp(self):
        demo = self.enterContext(process("demo", "--listen", "127.0.0.1:0"))
        emulator = demo.output.until(lambda line: re.search(r"listens on (http://[\d.:]+)", line))
        demo.output.until(lambda line: "Ctrl-C" in line)
        self.running = self.started(
            "serve",
            *("--upstream", emulator[1]),
            env={
                "SECONDWIND_ADMIN_TOKEN": TOKEN,
                "SECONDWIND_ADMIN_ALLOW_ACTIONS": "true",
                "SECONDWIND_LIMITS_EVENT_SUBSCRIBERS": "1",
                "SECONDWIND_CLIENTS_MAX_FAILURES": "200",
            },
        )
        self.data = port_of(self.ask("/api/status")["listen"])
        (self.only,) = self.ask("/api/hosts")["hosts"]
        self.file = re.search(r'"/assets/([^"]+)"', self.ask("/"))[1]

    def places(self, path):
        known = {"name": self.only["name"], "number": 1, "file": self.file}
        return {name: known[name] for name in re.findall(r"{(\w+)}", path)}

    def body_of(self, operation):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return resolved(schema)["examples"][0]

    def chat(self, model):
        wish = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        with contextlib.suppress(OSError):
            ask(self.data, "POST", "/v1/chat/completions", json.dumps(wish), JSON)

    def another_model(self):
        """One that is not loaded, and does not fit beside the loaded one."""
        models = self.ask("/api/hosts")["hosts"][0]["models"]
        (other,) = [m["key"] for m in models if not m["instances"] and "embed" not in m["key"]]
        return other

    def test_answers_each_read_and_its_head(self):
        for path, method, operation in operations():
            if method == "post" or path in SOCKETS:
                continue
            with self.subTest(path=path, method=method):
                self.ask(path, method, **self.places(path))
                if "304" in operation["responses"]:
                    known = {**WITH_TOKEN, "If-None-Match": "*"}
                    self.ask(path, method, 304, fields=known, **self.places(path))
                if "404" in operation["responses"]:
                    self.ask(path, method, 404, **NO_SUCH["asset"])
                if "400" in operation["responses"]:
                    told = self.ask(path, method, 400, query="?nonsense=1", **self.places(path))
                    if told:
                        self.assertIn('"nonsense"', told["error"]["message"])

    def test_refuses_requests_without_permission(self):
        strangers = ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"})
        elsewhere = (
            {"Host": "evil.example", **WITH_TOKEN},
            {"Origin": "http://evil.example", **WITH_TOKEN},
            {"Sec-Fetch-Site": "cross-site", **WITH_TOKEN},
        )
        for path, method, operation in operations():
            if "401" not in operation["responses"]:
                continue
            places = self.places(path)
            body = self.body_of(operation) if method == "post" else None
            kind = JSON if method == "post" else {}
            with self.subTest(path=path, method=method):
                for fields in strangers:
                    self.ask(path, method, 401, body, {**fields, **kind}, **places)
                for fields in elsewhere:
                    self.ask(path, method, 403, body, {**fields, **kind}, **places)

    def test_bounds_the_wrong_tokens_of_an_address(self):
        for _ in range(200):
            self.ask("/api/status", "get", 401, fields={"Authorization": "Bearer wrong"})
        for path, method, operation in operations():
            if "401" not in operation["responses"]:
                continue
            body = self.body_of(operation) if method == "post" else None
            kind = JSON if method == "post" else {}
            fields = {"Authorization": "Bearer wrong", **kind}
            with self.subTest(path=path, method=method):
                self.ask(path, method, 429, body, fields, **self.places(path))

    def test_answers_other_methods_and_paths_as_the_document_says_of_them(self):
        for path, item in CONTRACT["paths"].items():
            for method in METHODS:
                if method in item:
                    continue
                with self.subTest(path=path, method=method):
                    target = path.format(**self.places(path))
                    code, fields, content = ask(
                        self.admin, method.upper(), target, "{}", {**WITH_TOKEN, **JSON}
                    )
                    self.assertEqual(code, 405, content)
                    allowed = {m.strip().lower() for m in fields["Allow"].split(",")}
                    self.assertEqual(allowed, set(item))
                    if method != "head":
                        self.assertEqual(complaints(schema_of("error"), json.loads(content)), [])
        code, _, content = ask(self.admin, "GET", "/api", None, WITH_TOKEN)
        self.assertEqual(code, 404)
        self.assertEqual(complaints(schema_of("error"), json.loads(content)), [])

    def test_reads_the_bodies_of_actions_strictly(self):
        for path, method, operation in operations():
            if method != "post":
                continue
            places = self.places(path)
            with self.subTest(path=path):
                for body in ("", "{", "[]", {"nonsense": 1}):
                    self.ask(path, method, 400, body, **places)
                self.ask(path, method, 415, "{}", {**WITH_TOKEN, "Content-Type": "text/plain"},
                         **places)
                self.ask(path, method, 413, " " * LARGE.get(path, 70_000) + "{}", **places)
                if "404" in operation["responses"]:
                    self.ask(path, method, 404, self.body_of(operation),
                             **NO_SUCH[operation["operationId"]])

    def test_tells_where_a_request_goes_that_has_no_choice(self):
        told = self.ask("/api/route", query="?model=a%2Fb&path=/v1/embeddings")
        self.assertEqual((told["model"], told["path"]), ("a/b", "/v1/embeddings"))
        self.assertEqual(told["chosen"], {"host": self.only["name"], "reason": "only"})
        self.assertEqual((told["by_model"], told["candidates"]), (False, []))

    def test_gives_its_recoveries(self):
        self.chat(self.another_model())
        self.running.event("exchange")
        while self.ask("/api/hosts")["hosts"][0]["recovering"]:
            pass
        page = self.ask("/api/recoveries", query="?outcome=recovered&limit=1")
        (record,) = page["recoveries"]
        self.assertEqual(record["outcome"], "recovered")
        self.assertTrue(record["finished"])
        steps = [each["step"] for each in record["steps"]]
        self.assertEqual(steps[-3:], ["replaying", "concluded", "finished"])
        none = self.ask("/api/recoveries", query=f"?before={record['recovery']}")
        self.assertEqual(none, {"recoveries": [], "next_before": None})

    def test_explains_what_a_recovery_would_do(self):
        model = self.another_model()
        told = self.ask("/api/explain", query=f"?model={model}")
        (host,) = told["hosts"]
        self.assertEqual((told["mode"], host["key"], host["reason"]), ("on", model, "unload"))
        self.assertIn("unload", [each["decision"] for each in host["instances"]])

    def test_gives_the_requests_that_have_ended(self):
        model = self.another_model()
        self.chat(model)
        page = self.ask("/api/requests", query="?route=chat_completions&limit=1")
        (row,) = page["requests"]
        self.assertEqual((row["model"], row["status"], row["address"]), (model, 200, None))
        self.assertEqual(page["newest"], row["number"])
        self.assertEqual([each["reason"] for each in row["attempts"]], ["load_refused", "healthy"])
        none = self.ask("/api/requests", query=f"?after={page['newest']}")
        self.assertEqual((none["requests"], none["next_before"]), ([], None))

    def test_gives_the_past_in_three_ranges(self):
        self.chat(self.another_model())
        for name, interval in (("15m", 5), ("6h", 120), ("7d", 3600)):
            past = self.ask("/api/history", query=f"?range={name}")
            self.assertEqual((past["range"], past["interval"]), (name, interval))
        self.assertEqual(self.ask("/api/history")["range"], "15m")
        # The recorder's second comes.
        while not any(each["exchanges"] for each in past["samples"]):
            past = self.ask("/api/history", query="?range=7d")
        self.assertGreater(past["samples"][-1]["bytes_out"], 0)

    def test_carries_out_what_it_is_told(self):
        self.ask("/api/recovery/mode", "post", body={"mode": "observe"})
        self.assertEqual(self.ask("/api/status")["recovery"]["mode"], "observe")
        self.ask("/api/recovery/mode", "post", body={"mode": "on"})
        gone = self.ask("/api/hosts/{name}/unload", "post", body={"instance_id": "nobody"},
                        **self.places("{name}"))
        self.assertEqual(gone["unloaded"][0]["result"], "not_found")

        told = self.ask("/api/hosts/{name}/drain", "post", body={}, **self.places("{name}"))
        self.assertEqual((told["draining"], told["exchanges"]), (True, 0))
        name = self.only["name"]
        self.assertEqual(self.ask("/api/status")["draining_hosts"],
                         [{"name": name, "exchanges": 0}])
        self.assertEqual(self.ask("/readyz", status=503)["status"], "hosts_draining")
        told = self.ask("/api/hosts/{name}/undrain", "post", body={}, **self.places("{name}"))
        self.assertFalse(told["draining"])
        told = self.ask("/api/hosts/{name}/results", "post", **self.places("{name}"),
                        body=schema_of("lab_document")["examples"][0])
        self.assertEqual(told, {"host": name, "models": 1})

        # Its model has yet to be loaded, which takes the demo's host a while.
        wanted = self.another_model()
        asking = threading.Thread(target=self.chat, args=(wanted,))
        asking.start()
        while not (running := self.ask("/api/status")["exchanges"]):
            self.assertTrue(asking.is_alive(), "it was answered before it was seen")
        number = running[0]["number"]
        told = self.ask("/api/exchanges/{number}/cancel", "post", body={}, number=number)
        self.assertEqual(told, {"cancelled": number})
        asking.join()
        self.assertEqual(self.running.event("admin_action")["client"], "127.0.0.1")

    def test_loads_and_pins_and_changes_what_is_unloaded(self):
        wanted = self.another_model()
        (was,) = [m["key"] for m in self.ask("/api/hosts")["hosts"][0]["models"] if m["instances"]]
        told = self.ask("/api/hosts/{name}/load", "post", **self.places("{name}"),
                        body={"model": wanted, "context_length": 2048})
        self.assertEqual(told["loaded"], wanted)
        told = self.ask("/api/hosts/{name}/load", "post", 502, {"model": "no/such"},
                        **self.places("{name}"))
        self.assertEqual(told["error"]["code"], "not_loaded")

        told = self.ask("/api/pin", "post", body={"model": was})
        self.assertEqual(told, {"model": was, "pinned": True, "kept": False})
        self.assertEqual(self.ask("/api/status")["recovery"]["pinned"], [was])
        (entry,) = [s for s in self.ask("/api/config")["settings"] if s["key"] == "recovery.pinned"]
        self.assertEqual((entry["value"], entry["source"]), (was, "changed at run time"))
        told = self.ask("/api/unpin", "post", body={"model": was})
        self.assertFalse(told["pinned"])
        self.assertEqual(self.ask("/api/status")["recovery"]["pinned"], [])
        told = self.ask("/api/try", "post", body={"model": wanted, "prompt": "Hi"})
        self.assertTrue(told.startswith("data: "), told)
        self.assertTrue(told.rstrip().endswith("data: [DONE]"), told)
        told = self.ask("/api/recovery/evict", "post", body={"evict": "idle"})
        self.assertEqual(self.ask("/api/status")["recovery"]["evict"], told["evict"])

    def test_gives_the_configuration_without_secrets_and_the_log_without_addresses(self):
        settings = {each["key"]: each for each in self.ask("/api/config")["settings"]}
        self.assertEqual(settings["admin.token"]["value"], "***")
        self.assertEqual(settings["admin.token"]["source"], "SECONDWIND_ADMIN_TOKEN")
        self.assertEqual(settings["recovery.mode"]["source"], "default")
        self.ask("/api/recovery/mode", "post", body={"mode": "on"})
        told = self.ask("/api/log", query="?limit=500")
        numbers = [line["number"] for line in told["lines"]]
        self.assertEqual(numbers, list(range(numbers[0], told["newest"] + 1)))
        (action,) = [line["text"] for line in told["lines"] if "admin_action" in line["text"]]
        self.assertEqual(json.loads(action)["client"], "***")
        self.assertNotIn(TOKEN, json.dumps(told))
        later = self.ask("/api/log", query=f"?after={told['newest']}")
        self.assertTrue(all(each["number"] > told["newest"] for each in later["lines"]))

    def test_tells_events_first_of_all_then_one_by_one_and_again(self):
        listener = self.listener()
        self.assertEqual(listener.status, 101)
        first = self.hear(listener, "snapshot")
        self.assertEqual(first["status"]["event_subscribers"], 1)
        self.assertEqual(self.listener().status, 503)

        self.chat(self.another_model())
        number, steps = first["sequence"], []
        while "finished" not in steps:
            event = self.hear(listener, "recovery", "host")
            number += 1
            self.assertEqual(event["sequence"], number)
            if event["type"] == "recovery":
                steps.append(event["step"])
        self.assertEqual(steps[0], "began")
        self.assertEqual(steps[-2:], ["concluded", "finished"])
        self.ask("/api/recovery/mode", "post", body={"mode": "off"})
        while self.hear(listener, "settings", "host")["type"] != "settings":
            pass
        listener.close()

        run = first["run"]
        again = self.resumed(f"?run={run}&after={first['sequence']}")
        self.assertEqual(self.hear(again, "resumed")["sequence"], first["sequence"])
        missed = self.hear(again, "recovery", "host")
        self.assertEqual(missed["sequence"], first["sequence"] + 1)
        again.close()
        # A run that is not this one.
        self.hear(self.resumed("?run=00000000&after=0"), "snapshot")

    def resumed(self, query):
        """A listener; the one before it may not have been seen to go yet."""
        while (found := self.listener(query)).status != 101:
            self.assertEqual(found.status, 503)
        return found

    def test_lends_its_host_to_a_lab(self):
        def says(message):
            self.assertEqual(complaints(schema_of("lab_message"), message), [])
            lab.send(message)

        def hears(kind):
            message = lab.message()
            self.assertEqual(complaints(schema_of("lease_message"), message), [])
            self.assertEqual(message["type"], kind)

        name = self.only["name"]
        lab = self.listener(f"?host={name}", path="/lab")
        self.assertEqual(lab.status, 101)
        for message in schema_of("lab_message")["examples"]:
            self.assertEqual(complaints(schema_of("lab_message"), message), [])
        says({"type": "want", "exclusive": False, "quiet": 0})
        hears("granted")
        says({"type": "working", "on": "a/b"})
        while not (lease := self.ask("/api/hosts")["hosts"][0]["lease"])["working_on"]:
            pass
        self.assertEqual(lease["working_on"], "a/b")
        told = self.ask("/api/hosts/{name}/unload", "post", 409, {"all": True}, name=name)
        self.assertEqual(told["error"]["code"], "lab_at_work")
        wanted = threading.Thread(target=self.chat, args=(self.another_model(),))
        wanted.start()
        hears("wanted")
        self.running.signal()
        hears("ended")
        wanted.join()

    def test_refuses_a_lab_that_names_no_host_or_an_unknown_one(self):
        self.ask("/lab", status=400)
        self.assertEqual(self.listener("", path="/lab").status, 400)
        self.assertEqual(self.listener("?host=nobody", path="/lab").status, 404)

    def test_refuses_a_plain_request_for_events(self):
        self.ask("/events", status=400)
        self.assertEqual(self.listener("?after=x").status, 400)


class a_server(contract_test):
    def test_without_actions_takes_none(self):
        with closed_port() as port:
            self.started("serve", "--upstream", f"http://127.0.0.1:{port}")
            for path, method, _ in operations():
                if method == "post":
                    told = self.ask(path, method, 403, "{}", name="default", number=1)
                    self.assertEqual(told["error"]["code"], "actions_disabled")

    def test_that_cannot_write_the_results_of_the_lab_says_so(self):
        with closed_port() as port:
            self.started("serve", "--upstream", f"http://127.0.0.1:{port}",
                         env={"SECONDWIND_ADMIN_ALLOW_ACTIONS": "true",
                              "SECONDWIND_LAB_RESULTS_FILE": "/dev/null/results.json"})
            told = self.ask("/api/hosts/{name}/results", "post", 500, name="default",
                            body=schema_of("lab_document")["examples"][0])
            self.assertEqual(told["error"]["code"], "not_kept")

    def test_that_cannot_write_its_pins_says_so_and_ends_none_of_the_configuration(self):
        with closed_port() as port:
            self.started("serve", "--upstream", f"http://127.0.0.1:{port}",
                         env={"SECONDWIND_ADMIN_ALLOW_ACTIONS": "true",
                              "SECONDWIND_RECOVERY_PINNED": "qwen/*",
                              "STATE_DIRECTORY": "/dev/null"})
            for path in ("/api/pin", "/api/unpin"):
                told = self.ask(path, "post", 500, {"model": "a/b"})
                self.assertEqual(told["error"]["code"], "not_kept")
            told = self.ask("/api/unpin", "post", 409, {"model": "qwen/qwen3-8b"})
            self.assertEqual(told["error"]["code"], "pinned_by_configuration")

    def test_keeps_pins_over_a_reload_and_a_restart(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        env = {"SECONDWIND_ADMIN_ALLOW_ACTIONS": "true", "SECONDWIND_RECOVERY_PINNED": "qwen/*",
               "STATE_DIRECTORY": folder}
        with closed_port() as port:
            started = ("serve", "--upstream", f"http://127.0.0.1:{port}")
            running = self.started(*started, env=env)
            told = self.ask("/api/pin", "post", body={"model": "a/b"})
            self.assertEqual(told, {"model": "a/b", "pinned": True, "kept": True})
            self.assertEqual(self.ask("/api/reload", "post", body={})["changed"], [])
            self.assertEqual(self.ask("/api/status")["recovery"]["pinned"], ["qwen/*", "a/b"])
            running.signal(signal.SIGKILL)
            running.wait()
            self.started(*started, env=env)
            self.assertEqual(self.ask("/api/status")["recovery"]["pinned"], ["qwen/*", "a/b"])
            self.ask("/api/unpin", "post", body={"model": "a/b"})
        kept = json.loads(pathlib.Path(folder, "pins.json").read_text(encoding="utf-8"))
        self.assertEqual(kept, {"schema": 1, "pinned": []})

    def test_whose_host_is_down_says_so(self):
        with closed_port() as port:
            self.started("serve", "--upstream", f"http://127.0.0.1:{port}",
                         env={"SECONDWIND_ADMIN_ALLOW_ACTIONS": "true"})
            told = self.ask("/readyz", status=503)
            self.assertEqual(told["status"], "no_host_up")
            self.ask("/readyz", "head", 503)
            (only,) = self.ask("/api/hosts")["hosts"]
            self.assertEqual(only["state"], "down")
            self.assertIsNotNone(only["reason"])
            for order in ({"all": True}, {"instance_id": "x"}):
                told = self.ask("/api/hosts/{name}/unload", "post", 502, order, name="default")
                self.assertEqual(told["error"]["code"], "host_failed")

    def test_with_several_hosts_tells_which_a_request_goes_to_and_why(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "secondwind.json")
        with closed_port() as one, closed_port() as two:
            hosts = [
                {"name": "one", "url": f"http://127.0.0.1:{one}"},
                {"name": "two", "url": f"http://127.0.0.1:{two}", "models": ["embed-*"]},
            ]
            file.write_text(json.dumps({"upstreams": hosts}), encoding="utf-8")
            self.started("serve", "-c", str(file))
            told = self.ask("/api/route", query="?model=qwen")
            self.assertEqual(told["chosen"], {"host": "one", "reason": "perhaps"})
            (only,) = told["candidates"]
            self.assertTrue(only["asked_first"])
            self.assertEqual(told["others"], [{"host": "two", "hindrance": "models"}])
            told = self.ask("/api/route", status=400, query="?path=chat")
            self.assertIn('"chat"', told["error"]["message"])

    def test_with_several_hosts_tells_when_a_request_moves(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "secondwind.json")
        with closed_port() as one, closed_port() as two:
            hosts = [
                {"name": "one", "url": f"http://127.0.0.1:{one}"},
                {"name": "two", "url": f"http://127.0.0.1:{two}", "handicap": "1s"},
            ]
            file.write_text(json.dumps({"upstreams": hosts}), encoding="utf-8")
            self.started("serve", "-c", str(file))
            listener = self.listener()
            self.hear(listener, "snapshot")
            wish = json.dumps({"model": "qwen", "messages": []})
            ask(port_of(self.ask("/api/status")["listen"]), "POST", "/v1/chat/completions", wish, JSON)
            while (event := self.hear(listener, "host", "move"))["type"] != "move":
                pass
            moved = event["move"]
            self.assertEqual((moved["from"], moved["to"], moved["model"]), ("one", "two", "qwen"))
            listener.close()

    def test_reloads_its_configuration(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        file = pathlib.Path(folder, "secondwind.json")
        file.write_text('{"admin": {"allow_actions": true}}', encoding="utf-8")
        with closed_port() as port:
            self.started("serve", "--upstream", f"http://127.0.0.1:{port}", "-c", str(file))
            told = self.ask("/api/reload", "post", body={})
            self.assertEqual(told["changed"], [])
            file.write_text('{"admin": {"allow_actions": true},\n "recovery": {"evict": "all"}}',
                            encoding="utf-8")
            told = self.ask("/api/reload", "post", body={})
            self.assertEqual(told["changed"], ["recovery.evict"])
            self.assertEqual(self.ask("/api/status")["recovery"]["evict"], "all")
            file.write_text('{"admin": {"allow_actions": true},\n "recovery": {"evict": "some"}}',
                            encoding="utf-8")
            told = self.ask("/api/reload", "post", 422, {})
            self.assertIn(f"{file}:2:", told["error"]["message"])
            self.assertEqual(self.ask("/api/status")["recovery"]["evict"], "all")

    def test_that_drains_reports_it_to_probes_and_subscribers(self):
        with host() as lm:
            running = self.started("serve", "--upstream", lm.url)
            status = self.ask("/api/status")
            listener = self.listener()
            self.hear(listener, "snapshot")
            app = self.enterContext(client(port_of(status["listen"])))
            app.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
            peer, _ = lm.take()
            running.signal(signal.SIGTERM)
            while self.hear(listener, "draining", "host")["type"] != "draining":
                pass
            self.assertEqual(self.ask("/readyz", status=503), {"status": "draining"})
            self.assertTrue(self.ask("/api/status")["draining"])
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            app.until(b"ok")
            self.assertEqual(listener.close_code(), 1001)
            self.assertEqual(running.wait(), 0)


class z_all_of_it(unittest.TestCase):
    """Runs last: tests are run in the order of their names."""

    def test_was_seen(self):
        documented = {
            (path, method, status)
            for path, method, operation in operations()
            for status in operation["responses"]
        }
        self.assertEqual(sorted(documented - seen), [])
        self.assertEqual(sorted(set(MESSAGES) - heard), [])


if __name__ == "__main__":
    unittest.main()
