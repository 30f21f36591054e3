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

class connection final : net::timer_handler {
public:
    // `shared` must outlive it.
    // `here` is where its listener listens.
    connection(context& shared, net::stream accepted, config::endpoint here);
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection();

    // Serves it until one side ends it.
    net::task<void> run();
    // Tells a client that there are too many, as far as it listens, and closes at once: it must not
    // cost what there is too little of.
    static void turn_away(net::stream accepted);

    // Ends a connection that waits at once, and any other as soon as it has its reply. A listener
    // is told.
    void stop();
    // Its listener has gone: likewise, but it may take its time over the reply that it is at.
    void retire();

    boost::intrusive::list_member_hook<> hook;

private:
    // Beast's parser, which is slow to compile: once, in one source.
    class inbox;

    net::task<bool> shake_hands();
    net::task<bool> wait_for_request();
    // Reads one request and replies; false if it was the last one.
    net::task<bool> serve();
    net::task<reply> take_and_answer(request asked);
    net::task<void> tell_events(std::string query);
    net::task<bool> send(reply what, bool head_only, bool keep_alive);
    // Ends a connection whose client may still be sending, so that it gets what it was told.
    net::task<void> part();

    void note(std::string_view method, std::string_view path, int status) const;
    void note(refusal const& why, std::string_view method, std::string_view path) const;
    void close() noexcept { net::close_quietly(socket_); }
    void on_timer() override { close(); }

    context& shared_;
    net::stream socket_;
    net::deadline_slot slot_;
    net::timer last_; // once we stop
    std::string const who_;
    config::endpoint const here_;
    std::unique_ptr<inbox> in_;
    event_socket* listener_ = nullptr; // where there is one
    bool fresh_ = true;                // it has sent nothing yet
    bool idle_ = false;
    bool stopping_ = false;
};

} // namespace secondwind::admin
