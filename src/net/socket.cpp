#include <secondwind/net/socket.hpp>

#include <algorithm>

#ifdef __linux__
#include <unistd.h>
#endif

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
        // One buffer is a send, several are a gathered one.
        auto const n = filled == 1 ? socket_.write_some(buffers_[0], result_)
                                   : socket_.write_some(buffers_, result_);
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
    guard_.after(stall_);
    socket_.async_wait(asio::socket_base::wait_write, [this](error_code ec) {
        if (ec) {
            result_ = ec;
            self_.resume();
        } else if (advance()) {
            self_.resume();
        } else {
            wait();
        }
    });
}

std::size_t try_read(socket& s, asio::mutable_buffer into, error_code& ec) noexcept {
    auto const n = s.read_some(into, ec);
    if (would_block(ec))
        ec = asio::error::would_block;
    return n;
}

std::size_t try_write(socket& s, std::string_view bytes, error_code& ec) noexcept {
    auto const n = s.write_some(asio::buffer(bytes), ec);
    if (would_block(ec))
        ec = {};
    return n;
}

silence probe(socket& s) noexcept {
    char byte;
    error_code ec;
    s.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, ec);
    if (!ec)
        return silence::data;
    return would_block(ec) ? silence::quiet : silence::closed;
}

#ifdef __linux__
void forget_writability(socket& s, error_code& ec) {
    auto const where = s.local_endpoint(ec);
    if (ec)
        return;
    auto const native = s.release(ec);
    if (ec)
        return;
    s.assign(where.protocol(), native, ec);
    if (ec)
        ::close(native); // it is nobody's now
}
#else
void forget_writability(socket& /*s*/, error_code& /*ec*/) {}
#endif

void prepare(socket& s, error_code& ec) {
    s.non_blocking(true, ec);
    if (!ec)
        s.set_option(asio::ip::tcp::no_delay{true}, ec);
}

void close_with_reset(socket& s) noexcept {
    error_code ec;
    s.set_option(asio::socket_base::linger{true, 0}, ec);
    s.close(ec);
}

void close_quietly(socket& s) noexcept {
    error_code ec;
    s.close(ec);
}

} // namespace secondwind::net
