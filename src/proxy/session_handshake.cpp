#include <secondwind/base/log.hpp>
#include <secondwind/proxy/session.hpp>

namespace secondwind::proxy {

// True if the client can be talked to.
net::task<bool> session::shake_hands(std::chrono::milliseconds limit) {
    auto* const tls = client_.socket().tls();
    if (tls == nullptr)
        co_return true;
    net::scoped_deadline late{client_.slot(), "tls_handshake", limit,
                              [this] { client_.socket().cancel(); }};
    idle_ = &late;
    net::completion shaking{
        [this](auto handler) { client_.socket().async_handshake(std::move(handler)); }};
    auto const ec = co_await shaking;
    idle_ = nullptr;
    late.disarm();
    if (!ec || closing_)
        co_return !ec;
    ++shared_.traffic.tls_failures;
    log::write(log::level::debug, "tls_handshake_failed",
               {{"error", late.expired() ? "it took too long" : tls->error()}});
    if (!late.expired() && tls->peer_spoke_plaintext()) {
        client_.socket().forget_tls();
        request const nothing{shared_.budget, 0};
        http::refusal const plain{400, "https_only",
                                  "This listener speaks HTTPS: use https:// in the address."};
        co_await refuse(nothing, plain);
    }
    co_return false;
}

} // namespace secondwind::proxy
