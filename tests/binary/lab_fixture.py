"""A `secondwind lab` beside an emulated LM Studio."""

import json
import subprocess
import tempfile
from pathlib import Path

from harness import BINARY, PATIENCE, ask, binary_test, clean_environment, port_of, process

LONG = 240  # seconds, for a run over all models
GB = 10**9


def small_machine(**faults):
    """One model that works up to 16,384 tokens of 32,768, and one that always works."""
    return {
        "memory_bytes": 10 * GB,
        "models": [
            {
                "key": "maker/limited",
                "size_bytes": 4 * GB,
                "max_context_length": 32_768,
                "kv_bytes_per_token": 6 * GB // 17_000,
                "faults": faults,
            },
            {"key": "maker/small", "size_bytes": 1 * GB, "max_context_length": 8192},
        ],
    }


class lab(binary_test):
    admin = "off"  # where a secondwind may listen that the lab asks for its host

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.registry = self.folder / "registry.db"

    def emulate(self, machine):
        file = self.folder / "machine.json"
        file.write_text(json.dumps(machine), encoding="utf-8")
        host = self.enterContext(
            process("emulate", "--machine", str(file), "--listen", "127.0.0.1:0")
        )
        line = host.output.until(lambda text: "listens on" in text and text)
        self.url = line.rsplit(" ", 1)[1]
        self.port = port_of(self.url)
        return host

    def arguments(self, verb, *more):
        return ["lab", verb, "--registry", str(self.registry), "--upstream", self.url, *more]

    def lab(self, verb, *more, timeout=PATIENCE):
        return subprocess.run(
            [BINARY, *self.arguments(verb, *more)],
            env=clean_environment({"SECONDWIND_ADMIN_LISTEN": self.admin}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def loaded(self):
        listed = json.loads(ask(self.port, "GET", "/api/v1/models")[2])
        return {i["id"]: i["config"] for m in listed["models"] for i in m["loaded_instances"]}

    def results(self):
        (host,) = json.loads(self.lab("list", "--json").stdout)["hosts"]
        return {each["key"]: each["result"] for each in host["models"]}
