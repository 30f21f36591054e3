#include <secondwind/net/stream.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>

namespace secondwind::net {

namespace {

bool would_block(error_code const& ec) noexcept {
    return ec == asio::error::would_block || ec == asio::error::try_again;
}

} // namespace

bool write_all::advance() {
    for (;;) {
        auto const filled =
            static_cast<std::size_t>(std::remove_if(buffers_.begin(), buffers_.end(),
                                                    [](auto const& b) { return b.size() == 0; }) -
                                     buffers_.begin());
        std::fill(buffers_.begin() + filled, buffers_.end(), asio::const_buffer{});
        if (filled == 0)
            return true;
        std::size_t n = 0;
        if (auto* const tls = stream_.tls())
            n = tls->write(buffers_, result_);
        else // One buffer is a send, several are a gathered one.
            n = filled == 1 ? stream_.tcp().write_some(buffers_[0], result_)
                            : stream_.tcp().write_some(buffers_, result_);
        if (result_) {
            if (!would_block(result_))
                return true;
            result_ = {};
            return false;
        }
        auto left = n;
        for (auto& buffer : buffers_) {
            auto const taken = std::min(left, buffer.size());
            buffer += taken;
            left -= taken;
        }
    }
}

void write_all::wait() {
    arm(stall_);
    auto go_on = [this](error_code ec) {
        if (expired())
            ec = asio::error::timed_out;
        if (ec) {
            result_ = ec;
            self_.resume();
        } else if (advance()) {
            self_.resume();
        } else {
            wait();
        }
    };
    stream_.async_wait(asio::socket_base::wait_write,
                       asio::bind_cancellation_slot(wait_.slot(), go_on));
}

std::size_t try_read(stream& s, asio::mutable_buffer into, error_code& ec) noexcept {
    if (auto* const tls = s.tls())
        return tls->read(into, ec);
    auto const n = s.tcp().read_some(into, ec);
    if (would_block(ec))
        ec = asio::error::would_block;
    return n;
}

std::size_t try_write(stream& s, std::string_view bytes, error_code& ec) noexcept {
    std::size_t n = 0;
    if (auto* const tls = s.tls()) {
        ec = {};
        while (n < bytes.size() && !ec)
            n += tls->write({asio::buffer(bytes.substr(n))}, ec);
    } else {
        n = s.tcp().write_some(asio::buffer(bytes), ec);
    }
    if (would_block(ec))
        ec = {};
    return n;
}

pending_input probe(stream& s) noexcept {
    if (auto* const tls = s.tls())
        return tls->probe();
    char byte;
    error_code ec;
    s.tcp().receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, ec);
    if (!ec)
        return pending_input::data;
    return would_block(ec) ? pending_input::none : pending_input::closed;
}

void stream::shutdown_send(error_code& ec) noexcept {
    if (tls_ && !tls_->send_close_notify())
        ec = asio::error::would_block;
    else
        tcp_.shutdown(asio::socket_base::shutdown_send, ec);
}

task<error_code> end_sending(stream& s, deadline_slot& slot, std::chrono::milliseconds stall) {
    asio::cancellation_signal wait;
    scoped_deadline late{slot, "write_stall",
                         [&wait] { wait.emit(asio::cancellation_type::total); }};
    error_code ec;
    s.shutdown_send(ec);
    while (ec == asio::error::would_block) {
        late.arm(stall);
        completion writable{[&s, &wait](auto done) {
            s.async_wait(asio::socket_base::wait_write,
                         asio::bind_cancellation_slot(wait.slot(), std::move(done)));
        }};
        ec = co_await writable;
        if (late.expired())
            ec = asio::error::timed_out;
        if (!ec)
            s.shutdown_send(ec);
    }
    co_return ec;
}

task<error_code> drop_input(stream& s, asio::mutable_buffer scratch, std::size_t most) {
    error_code ec;
    std::size_t dropped = 0;
    while (!ec && dropped < most) {
        completion readable{
            [&s](auto done) { s.async_wait(asio::socket_base::wait_read, std::move(done)); }};
        ec = co_await readable;
        if (!ec)
            dropped += try_read(s, scratch, ec);
        if (ec == asio::error::would_block)
            ec = {};
    }
    co_return ec;
}

void close_with_reset(stream& s) noexcept {
    error_code ec;
    s.tls_.reset();
    s.tcp_.set_option(asio::socket_base::linger{true, 0}, ec);
    s.tcp_.close(ec);
}

void close_quietly(stream& s) noexcept {
    error_code ec;
    if (s.tls_)
        s.tls_->send_close_notify();
    s.tls_.reset();
    s.tcp_.close(ec);
}

} // namespace secondwind::net
