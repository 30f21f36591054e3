"""Section 5: answers that break off; the client must see that (RFC 9112 section 8)."""

import messages
from messages import CHUNKED, answer, chunk, get, request
from registry import add, in_section
from wire import check

case = in_section(5)
HEAD = answer(CHUNKED, b"Content-Type: text/plain")
LAST = b"0\r\n\r\n"


def cut(title, raw, end="close", sent=get()):
    def run(on):
        client = on.client(sent)
        connection, _ = on.host.next_request(client)
        connection.send(raw)
        if end:
            getattr(connection, end)()
        on.is_cut(client)

    add(5, f"never completes {title}", run)


for title, coded in {
    "a chunk size of letters": b"xyz\r\nhello\r\n" + LAST,
    "a chunk size with a minus": b"-5\r\nhello\r\n" + LAST,
    "a chunk size with a plus": b"+5\r\nhello\r\n" + LAST,
    "a chunk size of 0x5": b"0x5\r\nhello\r\n" + LAST,
    "an empty chunk size": b"\r\nhello\r\n" + LAST,
    "a chunk size that wraps around": b"10000000000000005\r\nhello\r\n" + LAST,
    "a chunk longer than its size": b"4\r\nhello\r\n" + LAST,
    "a chunk shorter than its size": b"6\r\nhello\r\n" + LAST,
    "a chunk without a line end": b"5\r\nhello" + LAST,
    "a size with a bare LF": b"5\nhello\r\n" + LAST,
    "a size with a bare CR": b"5\rxhello\r\n" + LAST,
}.items():
    # The connection stays open: only the bytes show that something is wrong.
    cut(f"{title} at once", HEAD + coded, end=None)
    cut(f"{title} after a good chunk", HEAD + chunk(b"good") + coded, end=None)

for end in ("close", "reset"):
    cut(f"a length after a {end} in the middle", answer(b"Content-Length: 10") + b"hello", end)
    cut(f"a length after a {end} before the body", answer(b"Content-Length: 10"), end)
    cut(f"chunks after a {end} before the last one", HEAD + chunk(b"hello"), end)
    cut(f"chunks after a {end} inside one", HEAD + b"a\r\nhello", end)
    cut(f"chunks after a {end} inside a size", HEAD + chunk(b"hello") + b"5", end)
    cut(f"chunks after a {end} inside the last one", HEAD + chunk(b"hello") + b"0\r\n", end)
    cut(f"trailers after a {end}", HEAD + chunk(b"hello") + b"0\r\nX-Late: a\r\n", end)
    cut(
        f"a stream of events after a {end}",
        answer(CHUNKED, b"Content-Type: text/event-stream")
        + chunk(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'),
        end,
    )
    cut(
        f"an error's body after a {end}",
        answer(b"Content-Type: application/json", b"Content-Length: 99", line=b"HTTP/1.1 500 No")
        + b'{"error":',
        end,
    )


@case()
def a_body_until_close_that_is_reset_ends_in_a_reset(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(answer(b"Content-Type: text/plain") + b"hello")
    client.until(b"hello")
    connection.reset()
    client.rest()
    got = bytes(client.received)
    if b"chunked" in got:  # the proxy made chunks, which show the cut
        check(not got.endswith(LAST), "no last chunk", got)
    else:
        check(client.end == "reset", "a reset", f"{client.end} after {got!r}")


@case()
def a_cut_in_mid_stream_is_seen_after_the_bytes_before_it(on):
    client = on.client(get())
    connection, _ = on.host.next_request(client)
    connection.send(HEAD + chunk(b"hello"))
    client.until(b"hello\r\n")
    connection.close()
    check(client.rest() == b"", "no last chunk, and the end", bytes(client.received))


@case()
def a_cut_to_a_1_0_client_is_seen_too(on):
    client = on.client(get(version=b"HTTP/1.0"))
    connection, _ = on.host.next_request(client)
    connection.send(answer(b"Content-Length: 10") + b"hello")
    connection.close()
    got = messages.read_answer(client)
    check(got.status == 502 or not got.complete, "a cut answer", got)


@case()
def nothing_is_served_after_a_cut(on):
    client = on.client(get() + get(target=b"/b"))
    connection, _ = on.host.next_request(client)
    connection.send(HEAD + chunk(b"hello") + b"nonsense\r\n")
    connection.close()
    on.is_cut(client)


@case()
def a_1_0_client_never_gets_chunks_it_cannot_read(on):
    """It is sent the data alone, up to the end of its connection; others may refuse or cut."""
    client = on.client(get(version=b"HTTP/1.0"))
    connection, _ = on.host.next_request(client)
    connection.send(HEAD + chunk(b"hello") + chunk(b" again") + LAST)
    connection.close()
    client.rest()
    got = bytes(client.received)
    head, _, body = got.partition(b"\r\n\r\n")
    decoded = body == b"hello again" and b"chunked" not in head and client.end == "closed"
    other = not on.ours and (b" 502 " in head or client.end == "reset")
    check(decoded or other, "hello again and the end", got)


@case()
def a_HEAD_answer_without_a_body_is_not_a_cut_one(on):
    client, got = on.relays(
        answer(b"Content-Length: 10"), request(line=b"HEAD /a HTTP/1.1"), end="close"
    )
    check(got.status == 200, 200, got)
