"""The executable and the file in which it writes its recoveries down."""

import json
import pathlib
import signal
import tempfile
import unittest

from harness import binary_test, client, host, run

LEDGER = "SECONDWIND_RECOVERY_LEDGER_FILE"
BODY = b'{"model":"one"}'
REQUEST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: proxy\r\nX-Request-Id: mine-1\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


def answer(status, body):
    """A complete answer, after which the connection ends."""
    return (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (status, len(body), body)
    )


class ledger(binary_test):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_a_recovery_is_one_line_of_json(self):
        file = self.folder / "ledger.jsonl"
        lm = self.enterContext(host())
        proxy, at = self.serving(lm.url, env={LEDGER: str(file)})
        app = self.enterContext(client(at))
        app.send(REQUEST)
        peer, _ = lm.take()
        peer.sendall(answer(b"400 Bad Request", b'{"error":"out of memory"}'))
        peer, asked = lm.take()
        self.assertTrue(asked.startswith(b"GET /api/v1/models "))
        peer.sendall(answer(b"200 OK", b'{"models":[]}'))
        self.assertIn(b"X-Secondwind-Recovery: no_candidate;", app.until(b"out of memory"))
        proxy.event("exchange")
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 0)

        (line,) = file.read_text(encoding="utf-8").splitlines()
        written = json.loads(line)
        self.assertEqual(written["outcome"], "no_candidate")
        self.assertEqual(written["trigger"]["request_id"], "mine-1")
        self.assertEqual(written["trigger"]["model"], "one")
        self.assertEqual(written["replays"][0]["request_id"], "mine-1")

    def test_a_file_that_cannot_be_opened_fails_the_start_with_a_sentence(self):
        file = self.folder / "not" / "there"
        ended = run("--listen", "127.0.0.1:0", env={LEDGER: str(file)})
        self.assertEqual(ended.returncode, 1)
        self.assertIn(f'cannot open the ledger "{file}" (recovery.ledger_file)', ended.stderr)
        self.assertIn("No such file or directory", ended.stderr)
        self.assertNotIn('"listening"', ended.stderr)


if __name__ == "__main__":
    unittest.main()
