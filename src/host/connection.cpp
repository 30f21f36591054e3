#include <secondwind/host/connection.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <utility>

namespace secondwind::host {

connection_ptr make_connection(net::executor const& ex) {
    boost::intrusive_ptr counted{new connection{ex}};
    return connection_ptr{counted.detach()};
}

void connection::watch(observer* one) {
    if (one)
        observer_ = one;
    if (armed_)
        return;
    armed_ = true;
    input_came_ = false;
    socket.async_wait(
        net::asio::socket_base::wait_read,
        [self = boost::intrusive_ptr{this}](net::error_code ec) { self->on_ready(ec); });
}

void connection::stop_waiting() {
    if (!waiting_)
        return;
    wait_result_ = net::asio::error::would_block;
    std::exchange(waiting_, nullptr).resume();
}

void connection::on_ready(net::error_code ec) {
    armed_ = false;
    if (waiting_) {
        wait_result_ = ec;
        std::exchange(waiting_, nullptr).resume();
        return;
    }
    input_came_ = true;
    if (observer_)
        observer_->on_input();
}

} // namespace secondwind::host
