// One WebSocket of the SDK's protocol, to one namespace of a host.
#pragma once

#include <secondwind/host/call.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::host {

enum class socket_fault : std::uint8_t {
    none,
    unreachable,  // no connection to the host
    refused,      // it answers, but does not open a WebSocket
    rejected,     // it does not accept the token, or requires one
    unknown_call, // it is too old for that call, and only warned
    no_answer,    // it did not answer in time
    cut,          // the connection ended
    broken,       // what it sends breaks the protocol, or is too large
    cancelled     // the server stops, or has no file descriptor left
};

struct socket_failure {
    socket_fault kind = socket_fault::none;
    std::string reason; // one clause for the log: never a token, nor anything that may echo one

    explicit operator bool() const noexcept { return kind != socket_fault::none; }
};

struct socket_reply {
    socket_failure failure;
    std::string message; // an rpcResult or an rpcError
};

// The replies to several calls, in the order of the calls.
struct socket_replies {
    socket_failure failure;
    std::vector<std::string> messages; // empty ones after a failure, where none came before it
};

// One thing at a time. After a failure, open another socket.
class sdk_socket {
public:
    using clock = std::chrono::steady_clock;

    // All waits together end at `until`, unless allow() moves that. The pool must outlive it; its
    // abort() ends every wait.
    sdk_socket(environment env, connection_pool& pool, clock::time_point until);
    // Sends a close frame without waiting for the host's.
    ~sdk_socket();
    sdk_socket(sdk_socket const&) = delete;
    sdk_socket& operator=(sdk_socket const&) = delete;

    // Connects, makes the handshake and authenticates: with the token of the Authorization value if
    // it is one of LM Studio's, otherwise as a guest. `path` is "/llm", "/embedding" or "/system".
    net::task<socket_failure> open(std::string path, std::string authorization);

    // All waits together end `span` from now; at once if it is not positive.
    void allow(std::chrono::milliseconds span);
    // The waits end only with the connection.
    void allow_any_time() noexcept;

    // `parameter` is JSON, or empty for none.
    net::task<socket_reply> call(std::string endpoint, std::string parameter);
    // A call for each parameter. All are sent before the first reply is awaited, and the host may
    // answer them in any order.
    net::task<socket_replies> call_all(std::string endpoint, std::vector<std::string> parameters);

    // Opens a channel, and ignores its packets up to the one of the type `end`: the reply is that
    // one, or the channelError.
    net::task<socket_reply> run_channel(std::string endpoint, std::string parameter,
                                        std::string end);
    // Lets the host cancel what run_channel() has begun. Unless that ends otherwise within `span`,
    // it fails with `cancelled`. Before run_channel(), no channel is opened.
    void cancel_channel(std::chrono::milliseconds span);

private:
    net::task<void> send_cancel(std::int64_t channel);

    // Beast's templates are slow to compile: once, in one source.
    class wire;

    std::unique_ptr<wire> wire_;
    std::string path_;
    std::int64_t next_call_ = 0;          // channels have numbers of the same row
    std::optional<std::int64_t> channel_; // that waits for a packet
    bool cancelled_ = false;              // that channel, or the next one
    bool writes_cancel_ = false;          // while run_channel() reads
    net::gate written_;
};

} // namespace secondwind::host
