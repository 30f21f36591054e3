"""The verbs that act on a running secondwind: what they print, their exit codes, their effect."""

import json
import pathlib
import tempfile
import unittest

from harness import ask, binary_test, client, event_in, port_of, process, run
from studio import studio

RESIDENT, WANTED = "stage/resident", "stage/wanted"  # There is memory for either of them.


class actions(binary_test):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.lm = self.enterContext(studio())
        self.lm.tell(load=RESIDENT)

    def start(self, allowed=True, **recovery):
        file = self.folder / "settings.json"
        settings = {
            "listen": "127.0.0.1:0",
            "upstreams": [{"name": "box", "url": self.lm.url}],
            "admin": {"listen": "127.0.0.1:0", "allow_actions": allowed},
            "state": {"directory": str(self.folder / "state")},
            "recovery": recovery,
        }
        file.write_text(json.dumps(settings))
        proxy = self.enterContext(
            process("--config", str(file), unset=("SECONDWIND_ADMIN_LISTEN",))
        )
        self.listen = proxy.event("listening")["listen"]
        heard = (event_in(line, "admin_listening") for line in proxy.errors.seen)
        self.admin = (next(filter(None, heard), None) or proxy.event("admin_listening"))["listen"]
        return proxy

    def act(self, *arguments):
        """The output of a verb that succeeds."""
        ended = run(*arguments, "--admin", self.admin)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), arguments)
        return ended.stdout

    def refused(self, *arguments, code=1):
        """The error of a verb that fails."""
        ended = run(*arguments, "--admin", self.admin)
        self.assertEqual((ended.returncode, ended.stdout), (code, ""), arguments)
        return ended.stderr

    def body(self, model):
        return json.dumps({"model": model, "messages": [{"role": "user", "content": "Hi"}]})

    def chat(self, model):
        status, _, _ = ask(
            *(port_of(self.listen), "POST", "/v1/chat/completions", self.body(model)),
            {"Content-Type": "application/json"},
        )
        return status

    def loaded(self):
        return self.lm.state()["loaded"]

    def test_a_pinned_model_stays_until_it_is_unpinned(self):
        self.start()
        self.assertEqual(self.act("pin", RESIDENT), f"{RESIDENT} is pinned\n")
        self.assertRegex(self.act("models"), rf"{RESIDENT} .* pinned ")
        self.assertEqual((self.chat(WANTED), self.loaded()), (400, [RESIDENT]))
        self.assertEqual(self.act("unpin", RESIDENT), f"{RESIDENT} is not pinned any more\n")
        self.assertEqual((self.chat(WANTED), self.loaded()), (200, [WANTED]))

    def test_a_pattern_pins_what_it_matches(self):
        self.start()
        self.act("pin", "stage/res*")
        self.assertEqual((self.chat(WANTED), self.loaded()), (400, [RESIDENT]))
        told = json.loads(self.act("unpin", "stage/res*", "--json"))
        self.assertEqual(told, {"model": "stage/res*", "pinned": False, "kept": True})
        self.assertEqual(self.chat(WANTED), 200)

    def test_a_pin_survives_a_kill(self):
        first = self.start()
        self.act("pin", RESIDENT)
        first.signal(9)
        first.wait()
        self.start()
        self.assertEqual((self.chat(WANTED), self.loaded()), (400, [RESIDENT]))

    def test_a_pin_of_the_configuration_is_ended_there(self):
        self.start(pinned=[RESIDENT])
        self.assertIn("recovery.pinned", self.refused("unpin", RESIDENT))
        self.assertEqual((self.chat(WANTED), self.loaded()), (400, [RESIDENT]))

    def test_mode_switches_recoveries_off_and_on(self):
        self.start()
        self.assertRegex(self.act("mode", "off"), "recovery mode is off until the next reload")
        self.assertEqual((self.chat(WANTED), self.loaded()), (400, [RESIDENT]))
        self.assertEqual(json.loads(self.act("mode", "on", "--json"))["mode"], "on")
        self.assertEqual((self.chat(WANTED), self.loaded()), (200, [WANTED]))
        self.assertIn('"sideways"', self.refused("mode", "sideways", code=2))

    def test_mode_and_evict_last_until_a_reload(self):
        self.start()
        self.act("mode", "off")
        self.assertRegex(self.act("evict", "all"), "all until the next reload or restart")
        told = json.loads(ask(port_of(self.admin), "GET", "/api/config")[2])
        in_force = {each["key"]: each["value"] for each in told["settings"]}
        self.assertEqual((in_force["recovery.mode"], in_force["recovery.evict"]), ("off", "all"))
        self.act("reload")
        self.assertEqual((self.chat(WANTED), self.loaded()), (200, [WANTED]))
        self.assertIn('"some"', self.refused("evict", "some", code=2))

    def test_cancel_ends_the_request_and_its_generation(self):
        self.start()
        self.lm.tell(hold_generations=1)
        body = self.body(RESIDENT).encode()
        with client(port_of(self.listen)) as app:
            app.send(
                b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
            self.lm.tell(**{"await": {"running": 1}})
            (running,) = json.loads(self.act("status", "--json"))["exchanges"]
            number = str(running["number"])
            self.assertEqual(self.act("cancel", number), f"request {number} was cancelled\n")
            self.assertEqual(app.rest(), b"")
            self.lm.tell(**{"await": {"aborted": 1}})
        self.assertIn("may have ended", self.refused("cancel", number))

    def test_load_takes_a_context(self):
        self.start()
        ended = run(
            *("load", WANTED, "--context", "12345"), env={"SECONDWIND_LISTEN": self.listen}
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn(f"loaded {WANTED} ", ended.stdout)
        _, _, listed = ask(int(self.lm.url.rsplit(":", 1)[1]), "GET", "/api/v1/models")
        (model,) = (each for each in json.loads(listed)["models"] if each["key"] == WANTED)
        self.assertEqual(model["loaded_instances"][0]["config"]["context_length"], 12345)

    def test_each_needs_allow_actions(self):
        self.start(allowed=False)
        for verb in (
            ["pin", RESIDENT],
            ["unpin", RESIDENT],
            ["mode", "off"],
            ["evict", "all"],
            ["cancel", "1"],
            ["drain", "box"],
            ["undrain", "box"],
        ):
            with self.subTest(verb=verb):
                self.assertIn("admin.allow_actions", self.refused(*verb))


if __name__ == "__main__":
    unittest.main()
