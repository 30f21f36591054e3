// One client of the admin listener.
#pragma once

#include "access.hpp"
#include "context.hpp"
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/stream.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/failure_rate.hpp>

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace secondwind::admin {

class request_reader;
class upgraded;

class connection final : net::timer_handler {
public:
    // `shared` must outlive it. `local` is the address that its listener listens on.
    connection(context& shared, net::stream socket, config::endpoint local,
               admin::audience audience);
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection();

    // Serves requests until one side closes the connection.
    net::task<void> run();
    // Instead of run(): refuses the client with 503, as far as that is possible without waiting,
    // and closes.
    void refuse();

    // How much it may keep its place when there are too many connections.
    enum class standing : std::uint8_t {
        stranger, // has shown no token, and no request of it is being answered
        known,    // has shown the token, and no request of it is being answered
        busy,     // has a WebSocket, or its request is being answered
        leaving   // has given way
    };
    enum standing standing() const noexcept;
    // Since it connected, or since its last complete request.
    std::chrono::steady_clock::time_point waits_since() const noexcept { return waits_since_; }
    // Where the client is.
    policy::network const& network() const noexcept { return network_; }
    std::string const& client() const noexcept { return client_; }
    // Closes at once; a client in the middle of a request is told why.
    void give_way();

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
    refusal bounded(refusal wrong);
    net::task<reply> read_body_and_answer(request request);
    net::task<reply> try_chat(std::string body);
    net::task<void> serve_events(std::string query);
    net::task<void> serve_lab(std::string query);
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
    policy::network const network_;
    config::endpoint const local_;
    admin::audience const audience_;
    std::chrono::steady_clock::time_point waits_since_ = std::chrono::steady_clock::now();
    std::unique_ptr<request_reader> reader_;
    upgraded* upgraded_ = nullptr; // while this is a WebSocket
    bool is_first_ = true;         // no request has arrived yet
    bool idle_ = false;
    bool known_ = false;    // has shown the token
    bool streamed_ = false; // the reply is sent already
    bool probe_ = false;    // its present request is a probe
    bool reading_head_ = false;
    bool answering_ = false; // a request that is no probe
    bool leaving_ = false;
    bool stopping_ = false;
};

} // namespace secondwind::admin
