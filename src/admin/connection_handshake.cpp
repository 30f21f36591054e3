#include "connection.hpp"

#include "inbox.hpp"

#include <secondwind/base/log.hpp>

namespace secondwind::admin {

namespace {

reply https_only_reply() {
    return error_reply(400, "https_only",
                       "This listener speaks HTTPS: use https:// in the address.");
}

} // namespace

// True if the client can be talked to.
net::task<bool> connection::shake_hands() {
    auto* const tls = socket_.tls();
    if (tls == nullptr)
        co_return true;
    net::scoped_deadline late{slot_, "tls_handshake", shared_.within.head, [this] { close(); }};
    idle_ = true;
    net::completion shaking{[this](auto handler) { socket_.async_handshake(std::move(handler)); }};
    auto const ec = co_await shaking;
    idle_ = false;
    late.disarm();
    if (!ec)
        co_return true;
    shared_.figures.tls_failed();
    if (!socket_.is_open()) // the deadline, or stop()
        co_return false;
    log::write(log::level::debug, "admin_tls_handshake_failed",
               {{"client", who_}, {"error", tls->error()}});
    if (tls->peer_spoke_plaintext()) {
        socket_.forget_tls();
        auto said = https_only_reply();
        co_await send(std::move(said), false, false);
        co_await part();
    }
    co_return false;
}

} // namespace secondwind::admin
