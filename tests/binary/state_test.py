"""What survives the end of the executable in its state directory, however it ends."""

import json
import pathlib
import resource
import signal
import tempfile
import time
import unittest

from harness import PATIENCE, ask, binary_test, client, event_in, host, port_of

BODY = b'{"model":"one"}'
FILES = ("history.dat", "requests.dat")


def request(name):
    return (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nX-Request-Id: %s\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (name.encode(), len(BODY), BODY)
    )


def answer(status, body):
    """A complete answer, after which the connection ends."""
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
    )


class state(binary_test):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "state"
        self.lm = self.enterContext(host())

    def started(self, env=None, prepare=None):
        given = {"SECONDWIND_STATE_DIRECTORY": str(self.folder), **(env or {})}
        proxy, self.port = self.serving(self.lm.url, env=given, prepare=prepare)
        heard = (event_in(line, "admin_listening") for line in proxy.errors.seen)
        self.admin = port_of((next(filter(None, heard)) or {})["listen"])
        return proxy

    def told(self, proxy, name):
        """The first such event, which may have come before."""
        heard = (event_in(line, name) for line in proxy.errors.seen)
        return next(filter(None, heard), None) or proxy.event(name)

    def serve(self, proxy, *names):
        for name in names:
            with client(self.port) as app:
                app.send(request(name))
                peer, _ = self.lm.take()
                peer.sendall(answer(b"200 OK", b'{"usage":{"prompt_tokens":3}}'))
                app.until(b"}}")
            proxy.event("exchange")

    def refuse(self, proxy):
        """A request that begins a recovery."""
        with client(self.port) as app:
            app.send(request("refused"))
            peer, _ = self.lm.take()
            peer.sendall(answer(b"400 Bad Request", b'{"error":"out of memory"}'))
            peer, _ = self.lm.take()
            peer.sendall(answer(b"200 OK", b'{"models":[]}'))
            app.until(b"out of memory")
        proxy.event("exchange")

    def get(self, path):
        status, _, body = ask(self.admin, "GET", path)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def requests(self):
        return [each["request_id"] for each in self.get("/api/requests")["requests"]]

    def exchanges(self, name):
        return sum(each["exchanges"] for each in self.get(f"/api/history?range={name}")["samples"])

    def until_written(self, name, most=PATIENCE):
        """Until the request of this name, and the history of its second, are in the files."""
        began = time.monotonic()
        file = self.folder / "requests.dat"
        while name.encode() not in file.read_bytes():
            self.assertLess(time.monotonic() - began, most)
            self.get("/api/status")
        return time.monotonic() - began

    def end(self, proxy, number=signal.SIGTERM):
        proxy.signal(number)
        return proxy.wait()

    def assert_all_is_back(self, *names):
        self.assertEqual(self.requests(), list(reversed(names)))
        for each in ("15m", "6h", "7d"):
            self.assertEqual(self.exchanges(each), len(names), each)

    def test_is_back_after_a_restart(self):
        proxy = self.started()
        self.serve(proxy, "first", "second")
        self.refuse(proxy)
        self.assertEqual(self.end(proxy), 0)

        proxy = self.started()
        read = self.told(proxy, "state_read")
        self.assertEqual((read["requests"], read["recoveries"], read["damaged"]), (3, 1, 0))
        self.assert_all_is_back("first", "second", "refused")
        (one,) = self.get("/api/recoveries")["recoveries"]
        self.assertEqual(one["outcome"], "no_candidate")
        self.assertEqual(one["trigger"]["request_id"], "refused")
        self.assertEqual(self.get("/api/status")["totals"]["recoveries"], 0)
        last = self.get("/api/requests")["requests"][-1]
        self.assertEqual((last["status"], last["tokens_in"], last["model"]), (200, 3, "one"))
        # What follows is added to it.
        self.serve(proxy, "third")
        self.refuse(proxy)
        self.assertEqual([each["recovery"] for each in self.get("/api/recoveries")["recoveries"]],
                         [2, 1])
        self.assertEqual(self.end(proxy), 0)
        self.started()
        self.assert_all_is_back("first", "second", "refused", "third", "refused")

    def test_is_that_of_the_service_manager_unless_it_is_set(self):
        given = {"STATE_DIRECTORY": f"{self.folder}:/other"}
        proxy, _ = self.serving(self.lm.url, env=given)
        self.assertEqual(self.told(proxy, "state_read")["directory"], str(self.folder))
        self.assertTrue((self.folder / "history.dat").exists())

    def test_loses_at_most_a_second_when_the_process_is_killed(self):
        proxy = self.started()
        self.serve(proxy, "first", "second")
        took = self.until_written("second")
        self.assertLess(took, 1.5)
        self.end(proxy, signal.SIGKILL)
        proxy = self.started()
        self.assertEqual(self.told(proxy, "state_read")["damaged"], 0)
        self.assert_all_is_back("first", "second")

    def test_skips_what_is_damaged_and_keeps_the_rest(self):
        proxy = self.started()
        self.serve(proxy, "first", "second", "third")
        self.refuse(proxy)
        self.assertEqual(self.end(proxy), 0)
        file = self.folder / "requests.dat"
        content = bytearray(file.read_bytes())
        content[content.index(b"second")] ^= 1
        file.write_bytes(content)
        with open(self.folder / "recoveries.jsonl", "a", encoding="utf-8") as ledger:
            ledger.write('{"recovery": 2, "time": "2026-')  # half a line
        proxy = self.started()
        read = self.told(proxy, "state_read")
        self.assertEqual((read["requests"], read["recoveries"], read["damaged"]), (3, 1, 2))
        self.assertEqual(self.requests(), ["refused", "third", "first"])
        self.refuse(proxy)
        self.assertEqual(self.end(proxy), 0)
        proxy = self.started()
        self.assertEqual(self.told(proxy, "state_read")["recoveries"], 2)

    def test_takes_any_bytes_for_a_damaged_file(self):
        self.folder.mkdir()
        for name in (*FILES, "recoveries.jsonl"):
            (self.folder / name).write_bytes(b"\xffnot a file of ours\n" * 10_000)
        proxy = self.started()
        self.assertGreater(self.told(proxy, "state_read")["damaged"], 10)
        self.serve(proxy, "first")
        self.assertEqual(self.requests(), ["first"])
        self.assertEqual(self.end(proxy), 0)
        self.started()
        self.assertEqual(self.requests(), ["first"])

    def test_has_files_that_do_not_grow(self):
        proxy = self.started(env={"SECONDWIND_ADMIN_RECENT_REQUESTS": "4"})
        self.serve(proxy, *"abcdef")
        self.assertEqual(self.end(proxy), 0)
        sizes = [(self.folder / name).stat().st_size for name in FILES]
        self.assertEqual(sizes, [528 * 256, 4 * 512])
        proxy = self.started(env={"SECONDWIND_ADMIN_RECENT_REQUESTS": "6"})
        self.assertEqual(self.requests(), list("fedc"))
        self.serve(proxy, *"gh")
        self.assertEqual(self.end(proxy), 0)
        self.started(env={"SECONDWIND_ADMIN_RECENT_REQUESTS": "3"})
        self.assertEqual(self.requests(), list("hgf"))

    def test_goes_on_without_room_on_the_disk_and_keeps_what_it_has(self):
        proxy = self.started()
        self.serve(proxy, "first")
        self.assertEqual(self.end(proxy), 0)
        before = (self.folder / "history.dat").stat().st_size
        for name in FILES:
            kept = (self.folder / name).rename(self.folder / f"{name}.kept")
            (self.folder / name).symlink_to("/dev/full")
            proxy = self.started()
            self.serve(proxy, "second")
            failed = self.told(proxy, "state_write_failed")
            self.assertIn("No space left on device", failed["error"])
            self.assertIn("second", self.requests())
            self.assertEqual(self.end(proxy), 0)
            kept.replace(self.folder / name)
        self.started()
        # Each has what it had before, and the other one's second request.
        self.assertEqual(self.requests(), ["second", "first"])
        self.assertEqual(self.exchanges("7d"), 2)
        self.assertEqual((self.folder / "history.dat").stat().st_size, before)

    def test_survives_a_file_that_may_not_grow_in_the_middle_of_a_slot(self):
        most = 20 * 512 + 100

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        proxy = self.started(prepare=limit)
        names = [f"request-{number}" for number in range(30)]
        self.serve(proxy, *names)
        self.assertIn("File too large", self.told(proxy, "state_write_failed")["error"])
        self.assertEqual(len(self.requests()), 30)  # those of this process
        self.assertEqual(self.end(proxy), 0)
        self.assertLessEqual((self.folder / "requests.dat").stat().st_size, most)
        proxy = self.started()
        read = self.told(proxy, "state_read")
        self.assertEqual(self.requests(), list(reversed(names[: read["requests"]])))
        self.serve(proxy, "after")
        self.until_written("after")

    def test_belongs_to_one_process(self):
        first = self.started()
        second, _ = self.serving(
            self.lm.url, env={"SECONDWIND_STATE_DIRECTORY": str(self.folder)}
        )
        refused = self.told(second, "state_unavailable")
        self.assertIn("in use by another process", refused["error"])
        self.serve(first, "first")
        self.until_written("first")

    def test_that_cannot_be_used_stops_nothing(self):
        self.folder.write_text("a file", encoding="utf-8")
        proxy = self.started()
        self.assertEqual(self.told(proxy, "state_unavailable")["directory"], str(self.folder))
        self.serve(proxy, "first")
        self.assertEqual(self.requests(), ["first"])


if __name__ == "__main__":
    unittest.main()
