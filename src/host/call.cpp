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

} // namespace

net::task<failure> raw_call::run(std::string_view method, std::string_view request, bounds within) {
    failure failed;
    over_ = within.new_connection ? pool_.lend_new() : pool_.lend();
    net::deadline_slot whole{env_.deadlines};
    net::deadline_slot quiet{env_.deadlines};
    net::deadline_slot connecting{env_.deadlines};
    net::scoped_deadline late{whole, "call", within.time, [this] { cancel(); }};
    net::scoped_deadline silent{quiet, "call_silence", [this] { cancel(); }};
    for (;;) {
        failed = {};
        answer_.emplace(env_.blocks);
        if (!over_->reused)
            failed = co_await pool_.connect(*over_, connecting);
        bool const connected = !failed;
        if (connected) {
            // After a failed write there may still be an answer that the host sent before it
            // closed.
            net::write_all send{over_->socket, connecting, std::chrono::milliseconds{0}, request};
            auto const sent = co_await send;
            (void)sent;
            silent.arm(within.silence);
            failed = co_await read_answer(method, within, silent);
        }
        if (late.expired() || silent.expired())
            failed.kind = connected ? fault::timeout : fault::connect_timeout;
        if (!failed.resend_safe())
            break;
        over_ = pool_.lend_new();
    }
    over_.close();
    co_return failed;
}

net::task<failure> raw_call::read_answer(std::string_view method, bounds const& within,
                                         net::deadline& silent) {
    auto& reply = *answer_;
    http::head_scanner const fresh{within.head, http::head_scanner::side::answer};
    auto scanner = fresh;
    failure failed;
    for (;;) {
        bool const whole = reply.find_head(scanner, method, env_.fields, failed);
        if (failed)
            co_return failed;
        if (whole && !reply.head().interim())
            break;
        if (whole) {
            reply.drop_interim();
            scanner = fresh;
            continue;
        }
        auto const ec = co_await over_->readable();
        silent.arm(within.silence);
        failed = reply.take(*over_, ec);
        if (failed)
            co_return failed;
    }
    auto const persists = reply.head().keep_alive;
    auto const keep_alive = reply.head().keep_alive_timeout;

    using http::decoder_state;
    std::size_t size = 0;
    for (;;) {
        reply.scan([&](std::string_view data) {
            size += data.size();
            if (within.on_data)
                within.on_data(data);
            return size <= within.body;
        });
        if (size > within.body)
            failed.kind = fault::too_large;
        if (reply.framer().state() == decoder_state::bad)
            failed.kind = fault::malformed;
        if (failed || reply.framer().state() == decoder_state::complete)
            break;
        auto const ec = co_await over_->readable();
        silent.arm(within.silence);
        failed = reply.take(*over_, ec);
        if (failed.kind == fault::closed && reply.framer().finish() == decoder_state::complete)
            failed = {};
        if (failed)
            break;
    }
    if (!failed && persists && !reply.surplus() &&
        reply.framer().framing() != http::framing::until_close)
        over_.give_back(keep_alive);
    co_return failed;
}

net::task<call_result> call(environment env, connection_pool& pool, call_request request,
                            std::chrono::milliseconds limit, std::size_t bound) {
    raw_call raw{env, pool};
    raw_call::bounds within{limit, bound};
    auto out = co_await call(env, raw, pool.upstream(), std::move(request), std::move(within));
    co_return out;
}

net::task<call_result> call(environment env, raw_call& through, config::upstream const& upstream,
                            call_request request, raw_call::bounds within) {
    call_result out;
    auto const text = render(request, upstream);
    out.failure = co_await through.run(request.method, text, std::move(within));
    if (out.failure)
        co_return out;
    through.answer().check_head(request.method, env.fields);
    out.status = through.answer().head().status;
    out.head = through.answer().head_bytes();
    for (auto const& each : env.fields)
        if (iequals(each.name, "Date"))
            out.date = each.value;
    through.answer().scan_again([&out](std::string_view data) { out.body.append(data); });
    co_return out;
}

} // namespace secondwind::host
