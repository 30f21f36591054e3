"""The emulated LM Studio as a process of its own, and its page in the guide."""

import json
import pathlib
import re
import socket
import sys
import tempfile
import unittest

from harness import ask, binary_test, process, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "config" / "examples" / "machine.json"
PAGE = ROOT / "docs" / "emulator.md"

sys.path.insert(0, str(ROOT / "tests" / "lab"))
import machine  # noqa: E402  (it needs the path above)

TOO_LITTLE = {"memory_bytes": 1, "models": [{"key": "a", "size_bytes": 2}]}


def post(port, path, **members):
    status, _, body = ask(port, "POST", path, json.dumps(members))
    return status, json.loads(body)


class emulate(binary_test):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def file(self, content):
        file = self.folder / "machine.json"
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")
        return str(file)

    def served(self, *file):
        """The process and its port; of the built-in machine if no file is named."""
        machine = [text for name in file for text in ("--machine", str(name))]
        child = self.enterContext(process("emulate", *machine, "--listen", "127.0.0.1:0"))
        said = child.output.until(lambda line: re.search(r"listens on http://\S+:(\d+)$", line))
        return child, int(said[1])

    def test_it_serves_the_machine_of_a_file_until_it_is_told_to_stop(self):
        child, port = self.served(EXAMPLE)
        listed = json.loads(ask(port, "GET", "/api/v1/models")[2])["models"]
        self.assertEqual(len(listed), 5)
        loaded = [m["key"] for m in listed if m["loaded_instances"]]
        self.assertEqual(loaded, ["nomic-embed-text-v1.5"])
        status, answer = post(
            port, "/api/v1/models/load",
            model="qwen/qwen3-8b", context_length=16384, echo_load_config=True,
        )
        self.assertEqual((status, answer["load_config"]["context_length"]), (200, 16384))
        child.signal()
        self.assertEqual(child.wait(), 0)

    def test_without_a_file_it_serves_the_example(self):
        _, port = self.served()
        listed = json.loads(ask(port, "GET", "/api/v1/models")[2])["models"]
        example = json.loads(EXAMPLE.read_text(encoding="utf-8"))["models"]
        self.assertEqual([m["key"] for m in listed], [m["key"] for m in example])

    def test_the_smallest_machine_of_the_page_works(self):
        page = PAGE.read_text(encoding="utf-8")
        text = re.search(r"^```\n(\{.*?\})\n```$", page, re.M | re.S)[1]
        self.served(self.file(text))

    def test_the_page_lists_each_member(self):
        page = PAGE.read_text(encoding="utf-8")
        one = {"key": "a", "size_bytes": 1, "faults": {"x": 1}, "x": 1}
        wrong = self.file({"memory_bytes": 1, "x": 1, "models": [one], "loaded": [{"x": 1}]})
        ended = run("emulate", "--machine", wrong)
        self.assertEqual(ended.returncode, 78)
        lists = re.findall(r"the members here are (.*)", ended.stderr)
        self.assertEqual(len(lists), 4, ended.stderr)
        for name in ", ".join(lists).split(", "):
            self.assertIn(f"`{name}`", page)

    def test_errors_say_what_is_wrong_and_where(self):
        for content, complaint in (
            ("{", "it is no JSON: parse error at line 1"),
            ({"memory_bytes": 1}, "models: is missing, and must be given"),
            (
                {**TOO_LITTLE, "loaded": [{"model": "a"}]},
                "loaded[0]: a does not fit into memory: load less, or raise memory_bytes",
            ),
        ):
            file = self.file(content)
            ended = run("emulate", "--machine", file)
            self.assertEqual(ended.returncode, 78, ended.stderr)
            self.assertEqual(ended.stdout, "")
            self.assertIn(f'secondwind: "{file}": {complaint}', ended.stderr)
        ended = run("emulate", "--machine", str(self.folder / "none.json"))
        self.assertEqual(ended.returncode, 78)
        self.assertIn("(--machine) cannot be read: No such file or directory", ended.stderr)

    def test_an_address_in_use_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            place = f"127.0.0.1:{taken.getsockname()[1]}"
            ended = run("emulate", "--machine", str(EXAMPLE), "--listen", place)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f"secondwind: cannot listen on {place}: Address already in use", ended.stderr)


class acceptance_machine(binary_test):
    """The machine of the lab's acceptance, and what its helper says of it."""

    def setUp(self):
        super().setUp()
        self.machine = machine.machine()
        self.machine["loaded"] = []  # each model is alone
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        file = folder / "machine.json"
        file.write_text(json.dumps(self.machine), encoding="utf-8")
        child = self.enterContext(
            process("emulate", "--machine", str(file), "--listen", "127.0.0.1:0")
        )
        said = child.output.until(lambda line: re.search(r"listens on http://\S+:(\d+)$", line))
        self.port = int(said[1])

    def works(self, model, context):
        """Whether a load at a context works and a prompt that fills it is answered."""
        key = model["key"]
        status, answer = post(
            self.port, "/api/v1/models/load",
            model=key, context_length=context, echo_load_config=True,
        )
        if status != 200:
            return False
        effective = answer["load_config"]["context_length"]
        if model.get("type") == "embedding":
            status, answer = post(self.port, "/v1/embeddings", model=key, input="x")
            good = status == 200
        else:
            sent = machine.fill(context)
            status, answer = post(
                self.port, "/api/v1/chat",
                model=key, input="x" * (4 * sent - 6), max_output_tokens=machine.OUTPUT, store=False,
            )
            good = status == 200 and answer["stats"]["input_tokens"] >= 0.9 * sent
        post(self.port, "/api/v1/models/unload", instance_id=key)
        return good and effective == context

    def test_it_has_57_models_of_which_6_are_faulty(self):
        found = [machine.truth(self.machine, model) for model in self.machine["models"]]
        self.assertEqual(len(found), 57)
        self.assertEqual(sum(one.most == 0 for one in found), 6)
        limits = {one.limit for one in found if one.most}
        self.assertEqual(
            limits, {"model", "guardrail", "memory", "crash", "truncation", "fit"}
        )

    def test_the_largest_context_of_each_sound_model_works_and_the_next_does_not(self):
        for model in self.machine["models"]:
            expected = machine.truth(self.machine, model)
            faults = model.get("faults", {})
            # Memory that comes late would have to be waited for.
            if expected.most == 0 or "memory_freed_after_ms" in faults:
                continue
            with self.subTest(model=model["key"], limit=expected.limit):
                self.assertTrue(self.works(model, expected.most))
                if expected.limit != "model":
                    # A step, because a prompt is rounded.
                    self.assertFalse(self.works(model, expected.most + 256))


if __name__ == "__main__":
    unittest.main()
