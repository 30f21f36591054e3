"""Section 6: persistent connections, and what may follow on them (RFC 9112 section 9)."""

import time

import messages
from messages import CHUNKED, OK, answer, chunk, get, post, request
from registry import add, in_section
from wire import BOUND, check

case = in_section(6)


def exchange(on, client, raw, reply=OK):
    """One complete exchange on the client's connection; returns the host's view of it."""
    client.send(raw)
    got = on.host.serve(reply, client)
    back = messages.read_answer(client, got.method)
    check(back.complete and back.status == 200, "the answer", back)
    return back


@case()
def many_requests_pass_on_one_connection(on):
    client = on.client()
    for n in range(20):
        back = exchange(on, client, post(b"%d" % n), answer(body=b"answer %d" % n))
        check(back.body == b"answer %d" % n, f"answer {n}", back)


@case()
def every_kind_of_request_and_answer_follows_on_any_other(on):
    client = on.client()
    chunked = answer(CHUNKED) + chunk(b"hello") + b"0\r\n\r\n"
    sent = (
        get(),
        post(b"body"),
        request(CHUNKED, body=chunk(b"body") + b"0\r\n\r\n"),
        request(line=b"HEAD /a HTTP/1.1"),
        post(b""),
    )
    for first in sent:
        for reply in (OK, chunked, answer(body=b"")):
            if first.startswith(b"HEAD"):
                reply = answer(b"Content-Length: 9")
            exchange(on, client, first, reply)


@case()
def connection_close_is_announced_honoured_and_the_last_word(on):
    client = on.client(get(b"Connection: close") + get(target=b"/smuggled"))
    on.host.serve(client=client)
    back = messages.read_answer(client)
    options = [value.lower() for value in back.values(b"connection")]
    check(options == [b"close"], "Connection: close", back)
    client.expect_end()
    on.host.drop_connections()
    on.nothing_reached()


@case()
def connection_CLOSE_among_other_options_is_honoured(on):
    client = on.client(get(b"Connection: x-a, CLOSE"))
    on.host.serve(client=client)
    messages.read_answer(client)
    client.expect_end()


@case()
def the_hosts_close_after_a_whole_answer_harms_no_client(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(answer(b"Connection: close", body=b"ok"))
    connection.close()
    check(messages.read_answer(client).body == b"ok", "ok", "another answer")
    on.in_step(client)


@case()
def a_1_0_connection_closes_after_its_answer(on):
    client = on.client(get(version=b"HTTP/1.0") + get(target=b"/smuggled", version=b"HTTP/1.0"))
    on.host.serve(client=client)
    check(messages.read_answer(client).body == b"ok", "ok", "another answer")
    client.expect_end()
    on.host.drop_connections()
    on.nothing_reached()


@case()
def a_1_0_connection_with_keep_alive_is_really_persistent_or_really_closed(on):
    sent = get(b"Connection: keep-alive", version=b"HTTP/1.0")
    client = on.client(sent)
    on.host.serve(client=client)
    back = messages.read_answer(client)
    if [value.lower() for value in back.values(b"connection")] == [b"keep-alive"]:
        exchange(on, client, sent)
    else:
        client.expect_end()


@case()
def pipelined_requests_are_answered_in_order(on):
    client = on.client(b"".join(get(target=b"/%d" % n) for n in range(8)))
    for n in range(8):
        connection, got = on.host.next_request(client if not n else None)
        connection.send(answer(body=got.target))
    for n in range(8):
        check(messages.read_answer(client).body == b"/%d" % n, f"/{n}", bytes(client.received))


@case()
def three_hundred_pipelined_requests_are_answered_in_order(on):
    client = on.client()
    client.send_beside(b"".join(get(b"X-A: " + b"a" * 300, target=b"/%d" % n) for n in range(300)))
    for n in range(300):
        connection, got = on.host.next_request()
        check(got.target == b"/%d" % n, f"/{n}", got.target)
        connection.send(answer(body=got.target))
        check(messages.read_answer(client).body == got.target, f"/{n}", client.unread)


@case()
def pipelined_bodies_stay_with_their_requests(on):
    chunked = request(CHUNKED, body=chunk(b"two") + b"0\r\n\r\n")
    client = on.client(post(b"one") + chunked + get() + post(b"four"))
    for body in (b"one", b"two", b"", b"four"):
        connection, got = on.host.next_request()
        check(got.body == body, body, got)
        connection.send(answer(body=b"for " + body))
    for body in (b"one", b"two", b"", b"four"):
        check(messages.read_answer(client).body == b"for " + body, body, bytes(client.received))


@case()
def a_good_request_before_a_bad_one_is_answered_first(on):
    client = on.client(get() + b"GET /b c HTTP/1.1\r\nHost: h\r\n\r\n" + get(target=b"/smuggled"))
    check(on.host.serve(client=client).target == b"/a", "/a", "another request")
    check(messages.read_answer(client).body == b"ok", "ok first", bytes(client.received))
    check(400 <= messages.read_answer(client).status < 500, 400, bytes(client.received))
    client.rest()
    on.host.drop_connections()
    on.nothing_reached()


@case()
def a_request_that_comes_while_another_is_served_waits(on):
    client = on.client(get(target=b"/one"))
    connection, _ = on.host.next_request(client)
    client.send(get(target=b"/two"))
    connection.send(answer(body=b"one"))
    check(messages.read_answer(client).body == b"one", "one", bytes(client.received))
    check(on.host.serve(answer(body=b"two")).target == b"/two", "/two", "another request")
    check(messages.read_answer(client).body == b"two", "two", bytes(client.received))


def continues(title, expectation):
    def run(on):
        client = on.client(request(b"Content-Length: 5", b"Expect: " + expectation))
        line = client.until(b"\r\n\r\n")
        check(line is not None and line.startswith(b"HTTP/1.1 100 "), "100", line)
        client.send(b"hello")
        check(on.host.serve().body == b"hello", "hello", "another body")
        back = messages.read_answer(client)
        check(not back.interim and back.body == b"ok", "one 100 in all, and the answer", back)

    add(6, title, run)


continues("100 is sent before the body comes", b"100-continue")
continues("100 is sent for 100-Continue in other letters", b"100-CONTINUE")


@case()
def chunks_are_continued_too(on):
    client = on.client(request(CHUNKED, b"Expect: 100-continue"))
    check(client.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 "), "100", bytes(client.received))
    client.send(chunk(b"hello") + b"0\r\n\r\n")
    check(on.host.serve().body == b"hello", "hello", "another body")
    check(messages.read_answer(client).body == b"ok", "ok", bytes(client.received))


@case("streamed")
def a_body_that_is_not_kept_is_continued_too(on):
    client = on.client(request(b"Content-Length: 5000", b"Expect: 100-continue"))
    deadline = time.monotonic() + BOUND
    while b"\r\n\r\n" not in client.received:
        on.host.step(deadline, client, "100 at the client")
        for connection in on.host.connections:
            # A proxy may leave this to the host.
            if b"100-continue" in connection.received.lower() and not client.received:
                connection.send(answer(line=b"HTTP/1.1 100 Continue"))
    head = messages.read_head(client)
    check(head.status == 100, "100", head)
    client.send(b"a" * 5000)
    check(on.host.serve().body == b"a" * 5000, "the body", "another")
    check(messages.read_answer(client).body == b"ok", "ok", bytes(client.received))


@case()
def a_1_0_client_is_never_told_to_continue(on):
    client = on.client(
        request(
            b"Content-Length: 5", b"Expect: 100-continue", line=b"POST /a HTTP/1.0", body=b"hello"
        )
    )
    connection, got = on.host.next_request()
    check(got.body == b"hello", "hello", got)
    connection.send(OK)
    back = messages.read_answer(client)
    check(not back.interim and back.body == b"ok", "ok alone", bytes(client.received))


def refused_without_continue(title, raw, *statuses):
    def run(on):
        client = on.client(raw)
        if on.ours:
            back = messages.read_answer(client)
            check(not back.interim and back.status in statuses, statuses, bytes(client.received))
        else:
            on.first(client)
            check(client.end or client.received[9:10] == b"4", statuses, bytes(client.received))
        on.nothing_reached()

    add(6, title, run)


refused_without_continue(
    "a request that is too large is refused and not continued",
    request(b"Content-Length: 99999999", b"Expect: 100-continue"),
    413,
)
refused_without_continue(
    "a bad request is refused and not continued",
    request(b"Content-Length: 5x", b"Expect: 100-continue"),
    400,
)
refused_without_continue(
    "an unknown expectation is 417",
    request(b"Content-Length: 5", b"Expect: fireworks", body=b"hello"),
    417,
)
refused_without_continue(
    "an unknown expectation beside a known one is 417",
    request(b"Content-Length: 5", b"Expect: 100-continue, fireworks", body=b"hello"),
    417,
)


@case()
def a_client_that_is_slow_to_ask_delays_nobody(on):
    slow = on.client(b"POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
    for _ in range(3):
        on.passes(post(b"quick"))
    slow.send(b"llo")
    check(on.host.serve().body == b"hello", "hello", "another body")
    check(messages.read_answer(slow).body == b"ok", "ok", bytes(slow.received))


@case()
def a_host_that_is_slow_to_answer_delays_nobody(on):
    slow = on.client(get(target=b"/slow"))
    connection, _ = on.host.next_request(slow)
    for _ in range(3):
        on.passes(get(target=b"/quick"))
    connection.send(answer(body=b"late"))
    check(messages.read_answer(slow).body == b"late", "late", bytes(slow.received))


@case()
def a_client_that_does_not_read_delays_nobody(on):
    size = 16 << 20
    slow = on.client(get(target=b"/slow"))
    connection, _ = on.host.next_request(slow)
    connection.send_beside(answer(b"Content-Length: %d" % size) + bytes(size))
    slow.until(b"\r\n\r\n")
    for _ in range(3):
        on.passes(get(target=b"/quick"))
    check(len(slow.exactly(size)) == size, "all of it in the end", f"{len(slow.received)} bytes")
