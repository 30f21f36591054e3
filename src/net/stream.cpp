#include <secondwind/net/stream.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace secondwind::net {

namespace {

bool would_block(error_code const& ec) noexcept {
    return ec == asio::error::would_block || ec == asio::error::try_again;
}

} // namespace

bool write_all::advance() {
    while (parts_ > 0) {
        std::size_t n = 0;
        if (auto* const tls = stream_.tls())
            n = tls->write(left_, result_);
        else if (parts_ == 1) // a send; several are a gathered one
            n = stream_.tcp().write_some(left_[0], result_);
        else
            n = stream_.tcp().write_some(std::span{left_.data(), parts_}, result_);
        if (result_) {
            if (!would_block(result_))
                return true;
            result_ = {};
            return false;
        }
        drop(n);
    }
    return true;
}

void write_all::drop(std::size_t written) {
    std::size_t done = 0;
    while (done < parts_ && written >= left_[done].size())
        written -= left_[done++].size();
    if (done < parts_) {
        left_[done] += written;
        std::move(left_.begin() + done, left_.begin() + parts_, left_.begin());
        std::fill(left_.begin() + parts_ - done, left_.begin() + parts_, asio::const_buffer{});
    }
    parts_ -= done;
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
    return try_write(s, {}, bytes, ec);
}

std::size_t try_write(stream& s, std::string_view first, std::string_view second,
                      error_code& ec) noexcept {
    std::size_t n = 0;
    if (auto* const tls = s.tls()) {
        ec = {};
        while (n < first.size() + second.size() && !ec) {
            auto const of_first = std::min(n, first.size());
            n += tls->write(
                {asio::buffer(first.substr(of_first)), asio::buffer(second.substr(n - of_first))},
                ec);
        }
    } else if (first.empty()) { // a send; several are a gathered one
        n = s.tcp().write_some(asio::buffer(second), ec);
    } else {
        n = s.tcp().write_some(std::array{asio::buffer(first), asio::buffer(second)}, ec);
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
