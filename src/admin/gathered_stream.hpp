// A connection on which several small writes become one.
#pragma once

#include <secondwind/net/stream.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

namespace secondwind::admin {

// Beast's WebSocket writes each frame by itself. Between gather() and the end of flush(), what it
// writes is kept here instead, and is written together; its own control frames take the same way,
// so all bytes stay in their order.
class gathered_stream {
public:
    using executor_type = net::stream::executor_type;

    // The stream must outlive it.
    explicit gathered_stream(net::stream& to) noexcept : to_{to} {}

    executor_type get_executor() noexcept { return to_.get_executor(); }
    net::stream& lower() noexcept { return to_; }

    void gather() noexcept { gathers_ = true; }
    bool gathers() const noexcept { return gathers_; }
    std::size_t gathered() const noexcept { return held_.size(); }

    // Writes what was gathered, also meanwhile, and ends the gathering.
    net::task<net::error_code> flush() {
        net::error_code ec;
        while (!ec && !held_.empty()) {
            auto const bytes = std::exchange(held_, {});
            net::completion writing{[&](auto handler) {
                net::asio::async_write(
                    to_, net::asio::buffer(bytes),
                    [h = std::move(handler)](net::error_code e, std::size_t) mutable { h(e); });
            }};
            ec = co_await writing;
        }
        gathers_ = false;
        co_return ec;
    }

    template<class Buffers, class Handler>
    void async_read_some(Buffers const& into, Handler&& handler) {
        to_.async_read_some(into, std::forward<Handler>(handler));
    }
    template<class Buffers, class Handler>
    void async_write_some(Buffers const& from, Handler&& handler) {
        if (!gathers_)
            return to_.async_write_some(from, std::forward<Handler>(handler));
        auto const before = held_.size();
        auto const size = net::asio::buffer_size(from);
        held_.resize(before + size);
        net::asio::buffer_copy(net::asio::buffer(held_) + before, from);
        net::asio::post(get_executor(), [h = std::decay_t<Handler>(std::forward<Handler>(handler)),
                                         size]() mutable { h(net::error_code{}, size); });
    }

private:
    net::stream& to_;
    std::string held_;
    bool gathers_ = false;
};

// How Beast's WebSocket closes it.
template<class Handler>
void async_teardown(boost::beast::role_type role, gathered_stream& s, Handler handler) {
    async_teardown(role, s.lower(), std::move(handler));
}
inline void beast_close_socket(gathered_stream& s) noexcept {
    beast_close_socket(s.lower());
}

} // namespace secondwind::admin
