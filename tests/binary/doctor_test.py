"""Whether recoveries will work: what `doctor` and the state of a host say of real servers."""

import contextlib
import json
import pathlib
import re
import socket
import tempfile
import threading
import unittest

from harness import ask, binary_test, closed_port, host, port_of, process, run

BIG, SMALL = "qwen/qwen3-coder-30b", "google/gemma-3-12b"  # of the demo; one fits at a time


class doctor(binary_test):
    def emulated(self):
        """The URL of the demo's LM Studio, after its story."""
        told = self.enterContext(process("demo", "--listen", "127.0.0.1:0", "--admin", "off"))
        port = told.output.until(lambda line: re.search(r"listens on http://127\.0\.0\.1:(\d+)", line))[1]
        told.output.until(lambda line: "Ctrl-C" in line)
        return f"http://127.0.0.1:{port}"

    def report(self):
        return pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "report.json")

    def test_it_finds_that_recovery_will_work(self):
        ended = run("doctor", "--upstream", self.emulated())
        self.assertEqual((ended.returncode, ended.stderr), (0, ""), ended.stdout)
        self.assertTrue(ended.stdout.endswith("Recovery will work here.\n"), ended.stdout)

    def test_it_finds_that_nothing_listens(self):
        port = self.enterContext(closed_port())
        ended = run("doctor", "--json", "--upstream", f"http://127.0.0.1:{port}")
        self.assertEqual((ended.returncode, ended.stderr), (1, ""))
        found = json.loads(ended.stdout)
        self.assertFalse(found["recovery_works"])
        self.assertIn("reachable", [each["check"] for each in found["findings"]])

    def test_a_trial_provokes_a_recovery_and_saves_what_lm_studio_said(self):
        file = self.report()
        ended = run(
            *("doctor", "--try", BIG, SMALL, "--yes", "--report", str(file)),
            *("--upstream", self.emulated()),
        )
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertRegex(ended.stdout, "The trial worked: .* secondwind unloaded")
        self.assertIn(str(file), ended.stdout)
        report = json.loads(file.read_text())
        self.assertEqual([each["outcome"] for each in report["recoveries"]], ["recovered"])
        verdicts = [each["verdict"] for each in report["answers"]]
        self.assertIn("load_refused", verdicts)
        self.assertEqual(report["answers"][-2]["head"][0], "HTTP/1.1 200 OK")

    def test_a_trial_needs_a_confirmation(self):
        file = self.report()
        port = self.enterContext(closed_port())
        ended = run(
            *("doctor", "--try", BIG, SMALL, "--report", str(file)),
            *("--upstream", f"http://127.0.0.1:{port}"),
        )
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertIn("use --yes", ended.stderr)
        self.assertFalse(file.exists())


class state(binary_test):
    """What `status` says of a host, from the first question on."""

    def serving_at(self, upstream, env=None):
        """The address of the admin listener of a proxy that has just started."""
        proxy = self.enterContext(
            process("--listen", "127.0.0.1:0", "--upstream", upstream, env=env)
        )
        return proxy, proxy.event("admin_listening")["listen"]

    def says(self, admin):
        ended = run("status", "--admin", admin)
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        return ended.stdout

    def test_it_asks_the_hosts_before_it_says_that_all_is_well(self):
        told = self.enterContext(process("demo", "--listen", "127.0.0.1:0", "--admin", "off"))
        port = told.output.until(
            lambda line: re.search(r"listens on http://127\.0\.0\.1:(\d+)", line)
        )[1]
        _, admin = self.serving_at(f"http://127.0.0.1:{port}")
        self.assertTrue(self.says(admin).startswith("All is well: 1 host up. "))

    def test_a_host_that_does_not_answer_is_not_known_yet(self):
        with host() as silent:
            _, admin = self.serving_at(silent.url)
            self.assertTrue(self.says(admin).startswith("Not known yet: 1 host has not answered "))

    def test_a_web_server_is_no_place_for_recoveries(self):
        page = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        with host() as web:
            stop = answering(web, lambda request: page)
            self.addCleanup(stop)
            proxy, admin = self.serving_at(web.url)
            said = self.says(admin)
            self.assertTrue(said.startswith("Problem: no recovery can work on 1 of 1 host "), said)
            self.assertIn("up, no recovery", said)
            self.assertEqual(proxy.event("recovery_unavailable")["level"], "warn")
            ended = run("doctor", "--upstream", web.url)
            self.assertEqual(ended.returncode, 1)
            self.assertIn("It is a server, but not LM Studio", ended.stdout)
            self.assertTrue(ended.stdout.endswith("Recovery cannot work on default.\n"))

    def test_an_unload_that_is_forbidden_is_told_once_it_was_seen(self):
        models = json.dumps({"models": [
            {"key": key, "type": "llm", "size_bytes": 5, "loaded_instances": instances}
            for key, instances in (("a", [{"id": "a"}]), ("b", []))
        ]}).encode()
        refusal = (
            b'{"error":{"message":"Model loading was stopped due to insufficient system '
            b'resources.","type":"invalid_request_error"}}'
        )

        def answer(request):
            if b"/api/v1/models/unload" in request:
                return reply(403, b'{"error":"not permitted"}')
            if b"/v1/chat/completions" in request:
                return reply(400, refusal)
            return reply(200, models) if b"/api/v1/models" in request else reply(404, b"{}")

        with host() as lm:
            stop = answering(lm, answer)
            self.addCleanup(stop)
            env = {"SECONDWIND_RECOVERY_WEBSOCKET_TIMEOUT": "0s"}
            proxy, admin = self.serving_at(lm.url, env=env)
            port = port_of(proxy.event("listening")["listen"])
            self.assertTrue(self.says(admin).startswith("All is well: 1 host up. "))
            wish = json.dumps({"model": "b", "messages": []})
            status, fields, _ = ask(
                *(port, "POST", "/v1/chat/completions", wish), {"Content-Type": "application/json"}
            )
            self.assertEqual((status, fields["X-Secondwind-Recovery"].split(";")[0]),
                             (400, "unload_failed"))
            said = self.says(admin)
            self.assertTrue(said.startswith("Problem: no recovery can work on 1 of 1 host "), said)
            self.assertIn("it does not permit unloads", said)
            hosts = json.loads(run("models", "--json", "--admin", admin).stdout)["hosts"]
            self.assertIn("it does not permit unloads", hosts[0]["recovery_unavailable"])
            _, _, metrics = ask(port_of(admin), "GET", "/metrics")
            self.assertIn(b'secondwind_host_recovery_unavailable{host="default"} 1', metrics)


def reply(status, body):
    head = f"HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def answering(server, answer):
    """Answers each request to the host; returns a function that ends it."""
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            try:
                peer, request = server.take()
                peer.sendall(answer(request))
                peer.close()
            except (OSError, AssertionError):
                continue  # a probe, or the end

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def stop():
        ended.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        thread.join()

    return stop


if __name__ == "__main__":
    unittest.main()
