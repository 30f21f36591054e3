"""The running executable: a host that is down, a drain, and the log."""

import json
import signal
import unittest

from harness import ask, binary_test, client, closed_port, event_in, host

REQUEST = (
    b"POST /v1/chat/completions?key=hidden HTTP/1.1\r\nHost: proxy\r\n"
    b"Authorization: Bearer very-secret\r\nX-Request-Id: mine-1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 15\r\n\r\n"
    b'{"model":"one"}'
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


FIRST = chunk(b'data: {"choices":[{"delta":{"content":"one"}}]}\n\n')
SECOND = chunk(b'data: {"choices":[{"delta":{"content":"two"}}]}\n\n')
LAST = b"0\r\n\r\n"


class host_down(binary_test):
    def test_the_answer_is_a_502_in_the_form_of_openai_that_names_the_host(self):
        with closed_port() as port:
            proxy, at = self.serving(f"den=http://127.0.0.1:{port}")
            status, fields, body = ask(at, "GET", "/v1/models")
            self.assertEqual(status, 502)
            self.assertTrue(fields["Content-Type"].startswith("application/json"))
            error = json.loads(body)["error"]
            self.assertEqual(error["code"], "host_down")
            self.assertIn('"den"', error["message"])
            self.assertIn(f"http://127.0.0.1:{port}", error["message"])
            logged = proxy.event("exchange")
            self.assertEqual((logged["status"], logged["ended"]), (502, "failed"))
            self.assertEqual(logged["host"], "den")

    def test_on_anthropics_path_it_is_in_the_form_of_anthropic(self):
        with closed_port() as port:
            _, at = self.serving(f"http://127.0.0.1:{port}")
            status, _, body = ask(at, "POST", "/v1/messages", "{}")
            answer = json.loads(body)
            self.assertEqual((status, answer["type"]), (502, "error"))
            self.assertEqual(answer["error"]["type"], "api_error")

    def test_the_proxy_goes_on_and_serves_once_the_host_is_back(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(REQUEST)
                peer, _ = lm.take()
                peer.close()  # without an answer
                self.assertIn(b" 502 ", app.until(b"\r\n"))
            self.assertEqual(proxy.event("exchange")["status"], 502)
            with client(at) as app:
                app.send(REQUEST)
                peer, _ = lm.take()
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                self.assertTrue(app.until(b"ok").startswith(b"HTTP/1.1 200 OK\r\n"))


class recovery(binary_test):
    LISTED = (
        b'{"models":[{"type":"llm","key":"two","size_bytes":9,'
        b'"loaded_instances":[{"id":"two","config":{}}]},'
        b'{"type":"llm","key":"one","size_bytes":9,"loaded_instances":[]}]}'
    )
    REFUSAL = (
        b'{"error":{"message":"Failed to load model \\"one\\". Error: Model loading was stopped '
        b'due to insufficient system resources.","type":"invalid_request_error"}}'
    )

    def answer(self, lm, begin, status, body):
        """Answers the next request, which must begin as given, and closes its connection."""
        peer, request = lm.take()
        self.assertTrue(request.startswith(begin), request)
        peer.sendall(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (status, len(body), body)
        )
        peer.close()
        return request

    def test_a_refusal_for_want_of_memory_is_cured_and_the_request_replayed(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(REQUEST)
                first = self.answer(lm, b"POST /v1/chat/", b"400 Bad Request", self.REFUSAL)
                self.answer(lm, b"GET /api/v1/models ", b"200 OK", self.LISTED)
                # Without its WebSocket, LM Studio does not report whether others use a model.
                self.answer(lm, b"GET /llm ", b"404 Not Found", b"")
                unload = self.answer(
                    *(lm, b"POST /api/v1/models/unload ", b"200 OK", b'{"instance_id":"two"}')
                )
                self.assertTrue(unload.endswith(b'{"instance_id":"two"}'), unload)
                self.answer(lm, b"GET /api/v1/models ", b"200 OK", b'{"models":[]}')
                again = self.answer(lm, b"POST /v1/chat/", b"200 OK", b'{"done":1}')
                self.assertEqual(again, first)
                answer = app.until(b'{"done":1}')
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
            self.assertIn(
                b"X-Secondwind-Recovery: recovered; reason=load_refused; unloaded=1\r\n",
                answer,
            )
            self.assertIn(b"X-Secondwind-Attempts: 2\r\n", answer)
            logged = proxy.event("exchange")
            self.assertEqual((logged["attempts"], logged["recovery"]), (2, "recovered"))

    def test_where_nothing_can_be_unloaded_the_client_gets_lm_studios_own_answer(self):
        with host() as lm:
            proxy, at = self.serving(lm.url, env={"SECONDWIND_RECOVERY_PINNED": "two"})
            with client(at) as app:
                app.send(REQUEST)
                self.answer(lm, b"POST /v1/chat/", b"400 Bad Request", self.REFUSAL)
                self.answer(lm, b"GET /api/v1/models ", b"200 OK", self.LISTED)
                answer = app.until(self.REFUSAL)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 Bad Request\r\n"), answer)
            self.assertIn(
                b"X-Secondwind-Recovery: no_candidate; reason=load_refused; unloaded=0\r\n",
                answer,
            )
            self.assertEqual(proxy.event("exchange")["recovery"], "no_candidate")

    def test_switched_off_it_passes_the_refusal_on_as_it_came(self):
        with host() as lm:
            _, at = self.serving(lm.url, env={"SECONDWIND_RECOVERY_MODE": "off"})
            with client(at) as app:
                app.send(REQUEST)
                self.answer(lm, b"POST /v1/chat/", b"400 Bad Request", self.REFUSAL)
                answer = app.until(self.REFUSAL)
            self.assertNotIn(b"X-Secondwind", answer)


class access_log(binary_test):
    def test_an_exchange_is_one_line_without_bodies_keys_and_queries(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(REQUEST)
                peer, _ = lm.take()
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer")
                app.until(b"answer")
            line = proxy.errors.until(lambda l: l if event_in(l, "exchange") else None)
            logged = json.loads(line)
            self.assertEqual(logged["request_id"], "mine-1")
            self.assertEqual(logged["method"], "POST")
            self.assertEqual(logged["path"], "/v1/chat/completions")
            self.assertEqual((logged["status"], logged["attempts"]), (200, 1))
            self.assertEqual(logged["bytes_in"], 15)
            self.assertEqual(logged["ended"], "complete")
            self.assertEqual(logged["model"], "one")
            line = line.replace('"model":"one"', "")
            for secret in ("hidden", "very-secret", "model", "answer"):
                self.assertNotIn(secret, line)


class ends(binary_test):
    def streaming(self):
        """A proxy with one stream in flight: (proxy, its port, the host's end, the client's)."""
        lm = self.enterContext(host())
        proxy, at = self.serving(lm.url)
        app = self.enterContext(client(at))
        app.send(REQUEST)
        peer, _ = lm.take()
        peer.sendall(STREAM_HEAD + FIRST)
        app.until(FIRST)
        return proxy, at, peer, app

    def test_idle_it_ends_at_once(self):
        with closed_port() as port:
            proxy, _ = self.serving(f"http://127.0.0.1:{port}")
            proxy.signal()
            self.assertEqual(proxy.wait(), 0)
            self.assertTrue(any(event_in(line, "stopped") for line in proxy.errors.rest()))

    def test_a_signal_lets_a_stream_in_flight_end_and_takes_no_new_client(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number):
                proxy, at, peer, app = self.streaming()
                proxy.signal(number)
                self.assertEqual(proxy.event("draining")["reason"], number.name)
                with self.assertRaises(ConnectionError):
                    ask(at, "GET", "/v1/models")
                peer.sendall(SECOND + LAST)
                self.assertEqual(app.rest(), SECOND + LAST)
                self.assertEqual(proxy.wait(), 0)

    def test_a_connection_that_idles_is_closed_by_a_drain(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(REQUEST)
                peer, _ = lm.take()
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                app.until(b"ok")
                proxy.event("exchange")
                proxy.signal()
                self.assertEqual(app.rest(), b"")
            self.assertEqual(proxy.wait(), 0)

    def test_a_second_signal_ends_at_once_and_the_cut_stream_does_not_look_complete(self):
        proxy, _, _, app = self.streaming()
        proxy.signal()
        proxy.event("draining")
        proxy.signal()
        self.assertEqual(app.rest(), b"")
        self.assertEqual(proxy.wait(), 1)
        self.assertTrue(any(event_in(line, "forced_stop") for line in proxy.errors.rest()))

    def test_a_client_that_leaves_is_logged_as_499_and_its_host_is_freed(self):
        with host() as lm:
            proxy, at = self.serving(lm.url)
            with client(at) as app:
                app.send(REQUEST)
                peer, _ = lm.take()
            # The host hears of it by the end of its connection, with no answer written.
            self.assertEqual(peer.recv(1), b"")
            self.assertEqual(proxy.event("exchange")["status"], 499)


if __name__ == "__main__":
    unittest.main()
