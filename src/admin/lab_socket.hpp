// A lab that is connected over the WebSocket /lab.
#pragma once

#include "context.hpp"
#include "lab_message.hpp"
#include "upgraded.hpp"
#include <secondwind/host/host_list.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/lab_lease.hpp>

#include <boost/beast/websocket/stream.hpp>

#include <deque>
#include <string>

namespace secondwind::admin {

// Carries messages between the lab and the lease of one host. When the lab loses the lease, the
// connection ends, and when the connection ends, the lab loses the lease.
class lab_socket final : public upgraded, recovery::lab, net::timer_handler {
public:
    // Both references must outlive it.
    lab_socket(context& shared, net::stream& socket, host::host_ptr host);

    // Shakes hands and carries messages until one side closes. Closes the socket at the end.
    net::task<void> run(upgrade_request request);
    void stop() override;

private:
    using stream = boost::beast::websocket::stream<net::stream&, false>;

    void granted() override;
    void wanted(std::vector<std::string> const& models) override;
    void ended(std::string_view reason) override;
    void on_timer() override;

    void say(std::string message);
    void hear(lab_message message);
    void end();
    net::task<void> write_messages();
    net::task<void> read_messages();
    net::task<void> close();

    timeouts const& timeouts_;
    net::stream& socket_;
    host::host_ptr host_; // null: no message is for it any more
    stream stream_;
    net::timer close_timer_;
    net::gate changed_;
    net::gate reading_ended_;
    std::deque<std::string> outbox_;
    std::string invalid_; // what is wrong with a message of the lab
    bool reading_ = false;
    bool disconnected_ = false;
    bool ended_ = false; // nothing is said any more
    bool stopping_ = false;
};

} // namespace secondwind::admin
