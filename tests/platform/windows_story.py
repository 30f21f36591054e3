"""secondwind.exe as somebody uses it on Windows, told under Wine.

Every test drives the program from outside, with hosts and clients of this system. What Wine cannot
show is listed in docs/windows.md.
"""

import contextlib
import json
import signal
import socket
import ssl
import struct
import time
import unittest

import wine
from harness import (
    PATIENCE,
    ask,
    client,
    host,
    port_of,
    process,
    run,
)
from story import CHAT, free_port, in_a_folder, logged, request, setUpModule  # noqa: F401
from tls_test import authority, python_host

IDLE_CLIENTS = 600
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(number):
    return b'data: {"choices":[{"delta":{"content":"%d"}}]}\n\n' % number


class command_line(in_a_folder):
    def test_a_file_in_a_folder_with_a_cyrillic_name_is_checked(self):
        file = self.write("настройки и журнал/секонд.json", listen="127.0.0.1:21999")
        checked = run("check", "-c", file)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertRegex(checked.stdout, r"(?m)^listen +127\.0\.0\.1:21999 .*секонд\.json")
        self.assertNotIn("\r", checked.stdout)

    def test_a_wrong_setting_ends_with_78_and_names_the_file(self):
        file = self.write("ошибка.json", listne="x")
        checked = run("check", "-c", file)
        self.assertEqual(checked.returncode, 78)
        self.assertIn("ошибка.json", checked.stderr)
        self.assertIn("listen", checked.stderr)

    def test_a_variable_in_the_environment_is_utf_8(self):
        file = self.write("окружение.json", listen="127.0.0.1:21998")
        checked = run("check", env={"SECONDWIND_CONFIG": file})
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("127.0.0.1:21998", checked.stdout)

    def test_the_demo_tells_a_recovery_to_its_end(self):
        told = run("demo", "--once", "--listen", "127.0.0.1:0",
                   env={"SECONDWIND_ADMIN_LISTEN": "off"})
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("recover", told.stdout + told.stderr)

    def test_advice_is_that_of_windows(self):
        """Nothing that only another system has."""
        self.assertIn("service", run("--help").stdout)
        self.assertEqual(run("service", "run").returncode, 2)


class requests(in_a_folder):
    def test_a_request_and_its_log_line(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(request("GET", "/v1/models"))
                peer, head = lm.take()
                self.assertTrue(head.startswith(b"GET /v1/models HTTP/1.1\r\n"))
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                self.assertTrue(app.until(b"ok").startswith(b"HTTP/1.1 200 OK\r\n"))
            self.assertEqual(proxy.event("exchange")["status"], 200)

    def test_the_events_of_a_stream_arrive_one_by_one(self):
        with host() as lm:
            _, at = self.serving(lm.url)
            with client(at) as app:
                app.send(request("POST", CHAT, b'{"model":"one","stream":true}'))
                peer, _ = lm.take()
                peer.sendall(STREAM_HEAD)
                for number in range(20):
                    # The next one is sent only when this one has arrived.
                    peer.sendall(chunk(event(number)))
                    app.until(event(number))
                peer.sendall(b"0\r\n\r\n")
                app.until(b"0\r\n\r\n")

    @contextlib.contextmanager
    def studio(self):
        """The URL of an emulated LM Studio without room for its model "one"."""
        machine = self.write(
            "machine.json", memory_bytes=24e9,
            models=[{"key": k, "size_bytes": 16e9} for k in ("one", "two")],
            loaded=[{"model": "two"}],
        )
        with process("emulate", "--machine", machine, "--listen", "127.0.0.1:0") as emulated:
            yield emulated.output.until(lambda line: line.partition(" listens on ")[2])
            emulated.signal(signal.SIGINT)
            self.assertEqual(emulated.wait(), 0)

    def test_what_it_writes_has_its_name_in_utf_8_and_the_line_ends_of_every_system(self):
        log, ledger = self.folder / "журнал" / "с.log", self.folder / "книга.jsonl"
        state = self.folder / "история"
        with self.studio() as lm:
            with process(
                "--listen", "127.0.0.1:0", "--upstream", lm,
                env={"SECONDWIND_LOG_FILE": wine.windows_path(log),
                     "SECONDWIND_LOG_FORMAT": "json",
                     "SECONDWIND_STATE_DIRECTORY": wine.windows_path(state),
                     "SECONDWIND_RECOVERY_LEDGER_FILE": wine.windows_path(ledger)},
            ) as proxy:
                at = port_of(logged(log, "listening")["listen"])
                status, fields, body = ask(
                    at, "POST", CHAT,
                    json.dumps({"model": "one", "messages": [{"role": "user", "content": "?"}]}),
                    {"Content-Type": "application/json"},
                )
                self.assertEqual(status, 200, body)
                self.assertRegex(fields["X-Secondwind-Recovery"], r"^recovered; reason=.*unloaded=1")
                self.assertEqual(fields["X-Secondwind-Attempts"], "2")
                proxy.signal(signal.SIGINT)
                self.assertEqual(proxy.wait(), 0)
        for file in (log, ledger):
            content = file.read_bytes()
            self.assertNotIn(b"\r", content)
            self.assertTrue(content.endswith(b"\n"))
            for line in content.splitlines():
                json.loads(line)
        self.assertEqual({each.name for each in state.iterdir()}, {"history.dat", "requests.dat"})

    def test_the_registry_and_its_backups_have_their_names_in_utf_8(self):
        file = self.folder / "лаборатория" / "реестр.db"

        def lab(verb, *more):
            done = run("lab", verb, "--registry", wine.windows_path(file), *more)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return done.stdout

        with self.studio() as lm:
            lab("scan", "--upstream", lm)
        self.assertTrue(file.is_file())
        backup = lab("backup").strip()
        self.assertTrue(backup.startswith(wine.windows_path(file.parent)), backup)
        lab("restore", backup)
        self.assertIn("реестр.db", lab("health"))
        self.assertTrue(list(file.parent.glob("реестр-replaced-*.db")))
        # Nothing is beside it under another name.
        self.assertEqual([each for each in file.parent.iterdir()
                          if not each.name.startswith(("реестр", "backups"))], [])

    def test_many_idle_clients_leave_room_for_another(self):
        with host() as lm:
            _, at = self.serving(lm.url)
            with contextlib.ExitStack() as crowd:
                for _ in range(IDLE_CLIENTS):
                    crowd.enter_context(client(at))
                with client(at) as app:
                    app.send(request("GET", "/v1/models"))
                    peer, _ = lm.take()
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    app.until(b"ok")

    def test_a_client_that_resets_while_it_waits_is_noticed_and_the_host_is_left(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            app = socket.create_connection(("127.0.0.1", at), timeout=PATIENCE)
            app.sendall(request("POST", CHAT, b'{"model":"one"}'))
            peer, _ = lm.take()
            app.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            app.close()
            begin = time.monotonic()
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(peer.recv(1), b"")
            self.assertLess(time.monotonic() - begin, 1)
            self.assertEqual(proxy.event("exchange")["status"], 499)


class tls(in_a_folder):
    def test_both_sides_speak_it_and_the_host_is_found_by_its_name(self):
        ca = authority(self.folder)
        certificate, key = ca.issue("both")
        with python_host(certificate, key) as there:
            file = self.write(
                "tls.json", listen="127.0.0.1:0", admin={"listen": "off"},
                tls={"certificate_file": wine.windows_path(certificate),
                     "key_file": wine.windows_path(key)},
                upstreams=[{"url": f"https://localhost:{there}",
                            "ca_file": wine.windows_path(ca.file)}],
            )
            with process("-c", file) as proxy:
                at = port_of(proxy.event("listening")["listen"])
                trust = ssl.create_default_context(cafile=ca.file)
                with socket.create_connection(("127.0.0.1", at), timeout=PATIENCE) as bare:
                    with trust.wrap_socket(bare, server_hostname="localhost") as app:
                        app.sendall(request("GET", "/v1/models"))
                        answer = b""
                        while b"}" not in answer:
                            answer += app.recv(65536)
                self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
                self.assertIn(f"localhost:{there}".encode(), answer)

    def test_a_host_that_nobody_vouches_for_gets_nothing(self):
        certificate, key = authority(self.folder).issue("stranger")
        with python_host(certificate, key) as there:
            _, at = self.serving(f"https://127.0.0.1:{there}")
            status, _, body = ask(at, "GET", "/v1/models")
            self.assertEqual(status, 502)
            self.assertIn("certificate", json.loads(body)["error"]["message"])


class running(in_a_folder):
    def test_a_second_one_on_the_same_address_is_refused(self):
        with host() as lm:
            _, at = self.serving(lm.url)
            second = run("--listen", f"127.0.0.1:{at}", "--upstream", lm.url,
                         env={"SECONDWIND_ADMIN_LISTEN": "off"})
            self.assertEqual(second.returncode, 1)
            self.assertIn(f"127.0.0.1:{at}", second.stderr)
            self.assertEqual(self.answered(lm, at), b"ok")

    def test_a_reload_moves_it_to_another_port(self):
        first, second = free_port(), free_port()
        with host() as lm:
            settings = {"upstreams": [{"url": lm.url}],
                        "admin": {"listen": "127.0.0.1:0", "allow_actions": True}}
            file = self.write("s.json", listen=f"127.0.0.1:{first}", **settings)
            with process("-c", file, unset=["SECONDWIND_ADMIN_LISTEN"]) as proxy:
                admin = proxy.event("admin_listening")["listen"]
                self.assertEqual(self.answered(lm, first), b"ok")
                self.write("s.json", listen=f"127.0.0.1:{second}", **settings)
                told = run("reload", "--admin", admin)
                self.assertEqual(told.returncode, 0, told.stderr)
                self.assertIn("listen", told.stdout)
                self.assertEqual(self.answered(lm, second), b"ok")
                with self.assertRaises(ConnectionRefusedError):
                    client(first)

    def test_ctrl_c_lets_a_stream_end(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(request("POST", CHAT, b'{"model":"one","stream":true}'))
                peer, _ = lm.take()
                peer.sendall(STREAM_HEAD + chunk(event(1)))
                app.until(event(1))
                proxy.signal(signal.SIGINT)
                self.assertEqual(proxy.event("draining")["connections"], 1)
                peer.sendall(chunk(event(2)) + b"0\r\n\r\n")
                self.assertIn(event(2), app.until(b"0\r\n\r\n"))
            self.assertEqual(proxy.wait(), 0)

    def test_a_second_ctrl_c_stops_at_once(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(request("POST", CHAT, b'{"model":"one"}'))
                lm.take()
                proxy.signal(signal.SIGINT)
                proxy.event("draining")
                proxy.signal(signal.SIGINT)
                proxy.event("forced_stop")
                self.assertEqual(proxy.wait(), 1)


if __name__ == "__main__":
    unittest.main()
