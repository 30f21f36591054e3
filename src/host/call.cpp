#include <secondwind/base/ascii.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/host/answer.hpp>
#include <secondwind/host/call.hpp>

namespace secondwind::host {

namespace {

std::string render(call_request const& request, config::upstream const& upstream) {
    std::string out;
    out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\nHost: ");
    out.append(config::authority(upstream)).append("\r\n");
    out.append("User-Agent: secondwind\r\nAccept: application/json\r\n");
    if (!request.authorization.empty())
        out.append("Authorization: ").append(request.authorization).append("\r\n");
    if (!request.body.empty()) {
        out.append("Content-Type: application/json\r\nContent-Length: ");
        out.append(std::to_string(request.body.size())).append("\r\n");
    }
    out.append("\r\n").append(request.body);
    return out;
}

net::task<failure> read_answer(environment env, lease& over, std::string_view method,
                               std::size_t bound, call_result& out) {
    answer reply{env.blocks};
    http::head_scanner const fresh{http::head_limits{}, http::head_scanner::side::answer};
    auto scanner = fresh;
    failure failed;
    for (;;) {
        bool const whole = reply.find_head(scanner, method, env.fields, failed);
        if (failed)
            co_return failed;
        if (whole && !reply.head().interim())
            break;
        if (whole) {
            reply.drop_interim();
            scanner = fresh;
            continue;
        }
        auto const ec = co_await over->readable();
        failed = reply.take(*over, ec);
        if (failed)
            co_return failed;
    }
    out.status = reply.head().status;
    for (auto const& each : env.fields)
        if (iequals(each.name, "Date"))
            out.date = each.value;
    auto const persists = reply.head().keep_alive;
    auto const keep_alive = reply.head().keep_alive_timeout;

    using http::decoder_state;
    for (;;) {
        reply.scan([&](std::string_view data) {
            out.body.append(data);
            return out.body.size() <= bound;
        });
        if (out.body.size() > bound)
            failed.kind = fault::too_large;
        if (reply.framer().state() == decoder_state::bad)
            failed.kind = fault::malformed;
        if (failed || reply.framer().state() == decoder_state::complete)
            break;
        auto const ec = co_await over->readable();
        failed = reply.take(*over, ec);
        if (failed.kind == fault::closed && reply.framer().finish() == decoder_state::complete)
            failed = {};
        if (failed)
            break;
    }
    if (!failed && persists && !reply.surplus() &&
        reply.framer().framing() != http::framing::until_close)
        over.give_back(keep_alive);
    co_return failed;
}

} // namespace

net::task<call_result> call(environment env, connection_pool& pool, call_request request,
                            std::chrono::milliseconds limit, std::size_t bound) {
    call_result out;
    auto const text = render(request, pool.upstream());
    auto over = pool.lend();
    net::deadline_slot whole{env.deadlines};
    net::deadline_slot connecting{env.deadlines};
    net::scoped_deadline late{whole, "call", limit, [&over] {
                                  if (over)
                                      over->cancel();
                              }};
    for (;;) {
        out = {};
        if (!over->reused)
            out.failure = co_await pool.connect(*over, connecting);
        bool const connected = !out.failure;
        if (connected) {
            // After a failed write there may still be an answer that the host sent before it
            // closed.
            net::write_all send{over->socket, connecting, std::chrono::milliseconds{0}, text};
            auto const sent = co_await send;
            (void)sent;
            out.failure = co_await read_answer(env, over, request.method, bound, out);
        }
        if (late.expired())
            out.failure.kind = connected ? fault::timeout : fault::connect_timeout;
        if (!out.failure.resend_safe())
            co_return out;
        over = pool.lend_new();
    }
}

} // namespace secondwind::host
