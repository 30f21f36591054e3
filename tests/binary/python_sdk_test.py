"""A client of the Python SDK's shape, through a secondwind in front of an emulated LM Studio."""

import json
import tempfile
import unittest
from pathlib import Path

from harness import binary_test, port_of, process
from sdk_client import BINARY, prediction, query, refused, sdk_client

GB = 10**9
ANSWER = "Every model that left made room for another."


class python_sdk(binary_test):
    def setUp(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        machine = folder / "machine.json"
        machine.write_text(json.dumps({
            "memory_bytes": 10 * GB,
            "token_ms": 1,
            "models": [
                {"key": "maker/chat", "size_bytes": 4 * GB, "max_context_length": 1_000_000,
                 "default_context": 1_000_000},
                {"key": "maker/embed", "size_bytes": 1 * GB, "type": "embedding"},
            ],
        }), encoding="utf-8")
        host = self.enterContext(
            process("emulate", "--machine", str(machine), "--listen", "127.0.0.1:0")
        )
        url = host.output.until(lambda text: "listens on" in text and text).rsplit(" ", 1)[1]
        config = folder / "secondwind.json"
        config.write_text(json.dumps({"listen": "127.0.0.1:0", "upstreams": [{"url": url}],
                                      "log": {"format": "json"}}), encoding="utf-8")
        proxy = self.enterContext(process("serve", "-c", str(config)))
        self.port = port_of(proxy.event("listening")["listen"])
        self.llm = self.connect("llm")

    def connect(self, namespace):
        return self.enterContext(sdk_client(self.port, namespace))

    def test_a_handle_is_a_query_and_lives_again_with_its_identifier(self):
        self.assertEqual(self.llm.load("maker/chat", "mine"), "mine")
        self.assertEqual(self.llm.respond("mine", "What happened?"), ANSWER)
        self.connect("llm").call("unloadModel", {"identifier": "mine"})
        with self.assertRaises(refused) as gone:
            self.llm.respond("mine", "And then?")
        self.assertEqual(gone.exception.code, "generic.noModelMatchingQuery")
        self.llm.load("maker/chat", "mine")
        self.assertEqual(self.llm.respond("mine", "And now?"), ANSWER)

    def test_a_pong_does_not_wait_for_a_prediction(self):
        self.llm.load("maker/chat", "mine")
        packets = self.llm.open("predict", prediction("mine", "What happened?"))
        next(packets)
        sent = None
        for packet in packets:
            if packet["type"] == "fragment" and not sent:
                sent = self.llm.ping()
            if packet["type"] == "success":
                self.assertEqual(self.llm.pongs, [sent])

    def test_messages_come_in_fragments_with_pings_between_and_as_binary(self):
        self.llm.load("maker/chat", "mine")
        self.assertEqual(self.llm.respond("mine", "What happened?", fragments=5), ANSWER)
        self.assertEqual(self.llm.pongs, [b"1", b"2", b"3", b"4"])
        self.assertEqual(self.llm.respond("mine", "And then?", kind=BINARY), ANSWER)
        self.assertEqual(self.llm.respond("mine", "long " * 50_000), ANSWER)
        self.assertEqual(self.llm.respond("mine", "long " * 50_000, fragments=70), ANSWER)

    def test_many_calls_and_channels_share_a_connection(self):
        embedding = self.connect("embedding")
        embedding.load("maker/embed")
        text = {"modelSpecifier": query("maker/embed"), "inputString": "text"}
        numbers = {embedding.begin_call("embedString", text) for _ in range(50)}
        for _ in range(50):
            reply = embedding.read()
            self.assertEqual(reply["type"], "rpcResult")
            self.assertEqual(len(reply["result"]["embedding"]), 768)
            numbers.remove(reply["callId"])
        tokens = {"specifier": query("maker/embed"), "inputString": "12345678"}
        self.assertEqual(embedding.call("countTokens", tokens), {"tokenCount": 2})

        self.llm.load("maker/chat", "mine")
        opened = [self.llm.open("predict", prediction("mine", "What?")) for _ in range(10)]
        running = {next(each) for each in opened}
        while running:
            message = self.llm.read()
            self.assertIn(message["type"], ("channelSend", "channelClose"))
            if message["type"] == "channelClose":
                running.remove(message["channelId"])

    def test_a_cancelled_prediction_ends_as_such(self):
        self.llm.load("maker/chat", "mine")
        parameter = prediction("mine", "What happened?")
        limit = {"key": "llm.prediction.maxPredictedTokens",
                 "value": {"checked": True, "value": 100_000}}
        parameter["predictionConfigStack"]["layers"] = [
            {"layerName": "apiOverride", "config": {"fields": [limit]}}
        ]
        packets = self.llm.open("predict", parameter)
        number = next(packets)
        reasons = []
        for packet in packets:
            if packet["type"] == "fragment" and number:
                self.llm.cancel(number)
                number = None
            if packet["type"] == "success":
                reasons.append(packet["stats"]["stopReason"])
        self.assertEqual(reasons, ["userStopped"])
        self.assertEqual(self.llm.respond("mine", "And now?"), ANSWER)


if __name__ == "__main__":
    unittest.main()
