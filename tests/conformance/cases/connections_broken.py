"""Section 6: connections that end: the host's, the client's, and what is repeated."""

import time

import messages
from messages import CHUNKED, OK, answer, chunk, get, post, request
from registry import add, in_section
from wire import BOUND, check

case = in_section(6)
# The rule says 100 ms; a busy machine with a Python host measures less precisely.
AT_ONCE = 1.0
EVENT = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'


def reused(on):
    """A client whose next request uses a connection that has served before."""
    client = on.client(get(target=b"/first"))
    connection, _ = on.host.next_request(client)
    connection.send(OK)
    messages.read_answer(client)
    return client, connection


def host_sees_the_end(on, connection, began):
    deadline = began + BOUND
    while not connection.end:
        on.host.step(deadline, waiting_for="the end of the host's connection")
    took = time.monotonic() - began
    check(took < AT_ONCE, "the host's connection to end at once", f"its end after {took:.3f} s")


for raw in (get(target=b"/b"), post(b"hello", target=b"/b")):

    def run(on, raw=raw):
        client, connection = reused(on)
        connection.close()
        connection.arrive()
        client.send(raw)
        check(on.host.serve(client=client).target == b"/b", "/b", "another request")
        check(messages.read_answer(client).body == b"ok", "ok", bytes(client.received))

    add(
        6,
        f"{raw.split()[0].decode()} after the host closed an idle connection takes a live one",
        run,
    )


@case()
def a_POST_after_the_host_reset_an_idle_connection_goes_out_on_a_live_one(on):
    client, connection = reused(on)
    connection.reset()
    connection.arrive()
    client.send(post(b"hello"))
    check(on.host.serve(client=client).body == b"hello", "hello", "another body")
    check(messages.read_answer(client).body == b"ok", "ok", bytes(client.received))


for way in (b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"):

    def run(on, way=way):
        client, _ = reused(on)
        body = b"hello" if way == b"PUT" else b""
        framing = [b"Content-Length: 5"] if body else []
        client.send(request(*framing, line=way + b" /b HTTP/1.1", body=body))
        connection, first = on.host.next_request(client)
        connection.close()
        again, second = on.host.next_request(client)
        check(first.raw == second.raw, first, second)
        again.send(OK if way != b"HEAD" else answer(b"Content-Length: 2"))
        check(messages.read_answer(client, way).status == 200, 200, bytes(client.received))

    add(6, f"{way.decode()} is sent once more if a reused connection dies before an answer", run)


def begun_body(on, client):
    """The host's connection, after a part of a streamed body has arrived."""
    deadline = time.monotonic() + BOUND
    while not any(b"aaaa" in c.received for c in on.host.connections):
        on.host.step(deadline, client, "the beginning of a body at the host")
    return on.host.connections[-1]


def never_again(title, raw, on_reused=True, begun=b"", leave="close"):
    """A 502, and the host has got the request exactly once."""

    def run(on):
        client = reused(on)[0] if on_reused else on.client()
        client.send(raw)
        connection, _ = on.host.next_request(client)
        connection.send(begun)
        getattr(connection, leave)()
        on.own_error(client, 502)
        on.host.drop_connections()
        on.nothing_reached()

    add(6, title, run)


for leave in ("close", "reset"):
    never_again(f"POST is never sent twice after a {leave}", post(b"hello"), leave=leave)
    never_again(
        f"PATCH is never sent twice after a {leave}",
        request(b"Content-Length: 5", line=b"PATCH /a HTTP/1.1", body=b"hello"),
        leave=leave,
    )
never_again("GET is not sent twice on a new connection", get(), on_reused=False)
never_again("GET is not sent twice after a byte of an answer", get(), begun=b"H")
never_again("GET is not sent twice after a part of a head", get(), begun=b"HTTP/1.1 200 OK\r\n")


@case()
def GET_is_sent_once_more_but_not_twice_more(on):
    client, _ = reused(on)
    client.send(get())
    for _ in range(2):
        connection, _ = on.host.next_request(client)
        connection.close()
    on.own_error(client, 502)
    on.host.drop_connections()
    on.nothing_reached()


for setup, framing, piece in (
    ("streamed", b"Content-Length: 3000000", b"a" * 3000),
    ("streamed", CHUNKED, chunk(b"a" * 3000)),
):
    for status in (b"413 Content Too Large", b"400 Bad Request"):

        def run(on, framing=framing, piece=piece, status=status):
            client = on.client(request(framing, body=piece))
            connection = begun_body(on, client)
            connection.send(
                answer(b"Connection: close", line=b"HTTP/1.1 " + status, body=b"enough")
            )
            connection.half_close()
            client.send(piece)
            got = messages.read_answer(client)
            check(got.status == int(status[:3]) and got.body == b"enough", status, got)

        kind = framing.split(b":")[0].decode()
        add(
            6,
            f"an early {status[:3].decode()} reaches a client that still sends ({kind})",
            run,
            setup,
        )


@case("streamed")
def an_early_answer_reaches_a_client_that_pauses_in_its_body(on):
    client = on.client(request(b"Content-Length: 100000", body=b"a" * 3000))
    early = answer(line=b"HTTP/1.1 413 Content Too Large", body=b"enough")
    begun_body(on, client).send(early)
    check(messages.read_answer(client).body == b"enough", "enough", bytes(client.received))


@case("streamed")
def after_an_early_answer_the_rest_of_the_body_is_never_a_request(on):
    rest = get(target=b"/smuggled") * 50
    client = on.client(request(b"Content-Length: %d" % (3000 + len(rest)), body=b"a" * 3000))
    first = begun_body(on, client)
    first.send(answer(line=b"HTTP/1.1 413 Content Too Large", body=b"enough"))
    client.send(rest)
    check(messages.read_answer(client).body == b"enough", "enough", bytes(client.received))
    client.send(get(target=b"/next"))
    client.half_close()
    deadline = time.monotonic() + BOUND
    while not client.end:
        on.host.step(deadline, client, "the end of the client's connection")
        for connection in on.host.connections:
            fresh = bytes(connection.received) if connection is not first else b""
            check(not fresh.startswith(b"GET /smuggled"), "no such request", fresh)
            if fresh.startswith(b"GET /next"):
                return


@case()
def a_host_that_is_down_is_502_at_once_and_served_at_once_when_it_is_back(on):
    on.host.drop_connections()
    on.host.go_down()
    client = on.client(post(b"hello"))
    began = time.monotonic()
    on.own_error(client, 502, 503)
    took = time.monotonic() - began
    on.host.back_up()
    check(took < AT_ONCE, "502 at once", f"{took:.3f} s")
    on.passes(post(b"hello"))


@case()
def a_client_that_half_closes_after_its_request_counts_as_gone(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    began = time.monotonic()
    client.half_close()
    host_sees_the_end(on, connection, began)


def leaves(title, raw, begun=b"", marker=b"", setup="whole", how="close"):
    """The client leaves; the host's connection must end at once."""

    def run(on):
        client = on.client(raw)
        connection, _ = on.host.next_request(client)
        connection.send(begun)
        if marker:
            client.until(marker)
        began = time.monotonic()
        getattr(client, how)()
        host_sees_the_end(on, connection, began)
        on.passes(get(target=b"/b"))

    add(6, title, run, setup)


STREAM = answer(CHUNKED, b"Content-Type: text/event-stream") + chunk(EVENT)
for how in ("close", "reset"):
    leaves(
        f"the host is free when a client leaves before an answer ({how})", post(b"hello"), how=how
    )
    leaves(
        f"the host is free when a client leaves in a stream ({how})",
        post(b"hello"),
        STREAM,
        b"\n\n",
        how=how,
    )
    leaves(
        f"the host is free when a client leaves in a body ({how})",
        get(),
        answer(b"Content-Length: 99") + b"hello",
        b"hello",
        how=how,
    )
leaves(
    "the host is free when a client leaves with an error on its way",
    post(b"hello"),
    answer(b"Content-Length: 99", line=b"HTTP/1.1 500 No") + b"{",
)


@case("streamed")
def the_host_is_free_when_a_client_leaves_in_its_own_body(on):
    client = on.client(request(b"Content-Length: 100000", body=b"a" * 3000))
    connection = begun_body(on, client)
    began = time.monotonic()
    client.close()
    host_sees_the_end(on, connection, began)


@case()
def a_client_that_leaves_in_its_own_body_costs_the_host_nothing(on):
    client = on.client(request(b"Content-Length: 100000", body=b"a" * 3000))
    client.close()
    on.nothing_reached()


@case()
def a_client_that_leaves_in_its_head_costs_the_host_nothing(on):
    client = on.client(b"GET /a HTTP/1.1\r\nHost:")
    client.close()
    on.nothing_reached()
