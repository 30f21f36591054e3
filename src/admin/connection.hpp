// One client of the admin listener.
#pragma once

#include "access.hpp"
#include "context.hpp"
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>

#include <boost/intrusive/list.hpp>

#include <memory>
#include <string>

namespace secondwind::admin {

class event_socket;
class request_reader;

class connection final : net::timer_handler {
public:
    // `shared` must outlive it. `local` is the address that its listener listens on.
    connection(context& shared, net::stream socket, config::endpoint local);
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection();

    // Serves requests until one side closes the connection.
    net::task<void> run();
    // Refuses a client with 503, as far as that is possible without waiting, and closes.
    static void refuse(net::stream socket);

    // Closes an idle connection at once, and any other as soon as its reply is sent, within
    // timeouts::closing. A subscriber gets the reason.
    void stop();
    // The same without a limit on the time for the reply: only the listener is being closed.
    void retire();

    boost::intrusive::list_member_hook<> hook;

private:
    net::task<bool> shake_hands();
    net::task<bool> wait_for_request();
    // Serves one request; returns false if the connection must end after it.
    net::task<bool> serve();
    net::task<reply> read_body_and_answer(request request);
    net::task<void> serve_events(std::string query);
    net::task<bool> send(reply reply, bool head_only, bool keep_alive);
    // Ends sending, then reads what the client still sends. Closing at once would reset the
    // connection, and the client could lose the reply.
    net::task<void> linger();

    void log_request(std::string_view method, std::string_view path, int status) const;
    void log_refusal(refusal const& refusal, std::string_view method, std::string_view path) const;
    void close() noexcept { net::close_quietly(socket_); }
    void on_timer() override { close(); }

    context& shared_;
    net::stream socket_;
    net::deadline_slot slot_;
    net::timer stop_timer_;
    std::string const client_; // its address
    config::endpoint const local_;
    std::unique_ptr<request_reader> reader_;
    event_socket* subscriber_ = nullptr; // while this is a connection for events
    bool is_first_ = true;               // no request has arrived yet
    bool idle_ = false;
    bool stopping_ = false;
};

} // namespace secondwind::admin
