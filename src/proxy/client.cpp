#include "client.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::proxy {

void client::arm() {
    if (armed_)
        return;
    armed_ = true;
    socket_.async_wait(net::asio::socket_base::wait_read,
                       [this](net::error_code ec) { on_ready(ec); });
}

void client::on_ready(net::error_code ec) {
    armed_ = false;
    if (waiting_) {
        wait_result_ = ec;
        std::exchange(waiting_, nullptr).resume();
    } else if (watcher_ && !ec) {
        look();
    }
}

void client::stop_waiting() {
    if (!waiting_)
        return;
    wait_result_ = net::asio::error::operation_aborted;
    net::asio::post(socket_.get_executor(),
                    [waiting = std::exchange(waiting_, nullptr)] { waiting.resume(); });
}

void client::stall() noexcept {
    stalled_ = gone_ = true;
    reset();
    if (watcher_)
        watcher_->on_client_gone();
}

void client::watch(watcher& one, std::size_t most_unread) {
    watcher_ = &one;
    most_unread_ = most_unread;
    if (unread_.size() < most_unread_)
        arm();
}

void client::look() {
    if (unread_.size() >= most_unread_)
        return;
    std::array<char, 4096> bytes;
    net::error_code ec;
    auto const room = std::min(bytes.size(), most_unread_ - unread_.size());
    auto const n = net::try_read(socket_, net::asio::buffer(bytes.data(), room), ec);
    if (ec && ec != net::asio::error::would_block) {
        gone_ = true;
        watcher_->on_client_gone();
        return;
    }
    unread_.append(bytes.data(), n);
    if (unread_.size() < most_unread_)
        arm();
}

} // namespace secondwind::proxy
