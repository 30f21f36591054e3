// The floor of the benchmark: the cost of a relay on one thread that does nothing else. It knows
// just enough of HTTP/1.1 to reuse its connections. It has NO timeouts, NO limits, NO log, NO
// checks and NO retries, passes on all bytes, and drops a client whose host is gone. Do not use it
// for anything but its figures: most of its cost is the kernel's.
//
//     bench_floor --port PORT --host PORT

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event_loop.hpp"
#include "message.hpp"
#include "options.hpp"
#include "socket.hpp"

namespace bench {
namespace {

char scratch[1 << 16];

class side;

struct relay {
    event_loop loop;
    std::uint16_t host_port = 0;
    std::vector<side*> idle; // connections to the host without a client
};

/// One connection, to a client or to the host. Those of one exchange are each other's peer.
class side : public watcher {
public:
    side(int fd, relay& all, bool is_client) : watcher(fd), all_(all), is_client_(is_client) {}

    void ready(std::uint32_t events) override {
        is_ending_ = is_ending_ || (events & event_loop::ending) != 0;
        if ((events & event_loop::writable) != 0 && !unsent_.empty()) {
            const std::string rest = std::move(unsent_);
            unsent_.clear();
            send_all(rest);
            if (!closed() && unsent_.empty() && peer_ != nullptr) {
                peer_->read_on();
            }
        }
        if (!closed() && (events & event_loop::readable) != 0) {
            read_on();
        }
    }

private:
    void read_on() {
        for (;;) {
            if (peer_ != nullptr && !peer_->unsent_.empty()) {
                return; // the peer calls when it can write again
            }
            const ssize_t count = recv(fd(), scratch, sizeof scratch, 0);
            if (count < 0 && errno == EAGAIN) {
                return;
            }
            if (count <= 0) {
                return end();
            }
            const std::string_view bytes(scratch, static_cast<std::size_t>(count));
            const std::size_t used = message_.take(bytes, [](std::string_view) {});
            if (used < bytes.size() || message_.broken() || !has_peer()) {
                return end();
            }
            peer_->send_all(bytes);
            if (closed()) {
                return;
            }
            if (!is_client_ && message_.complete()) {
                return finish();
            }
            if (bytes.size() < sizeof scratch && !is_ending_) {
                return; // nothing is left: more bytes will be a new edge
            }
        }
    }

    /// A client that begins a request gets a connection to the host.
    bool has_peer() {
        if (peer_ == nullptr && is_client_) {
            if (all_.idle.empty()) {
                auto fresh = std::make_shared<side>(connect_to(all_.host_port), all_, false);
                peer_ = fresh.get();
                all_.loop.add(std::move(fresh));
            } else {
                peer_ = all_.idle.back();
                all_.idle.pop_back();
            }
            peer_->peer_ = this;
        }
        return peer_ != nullptr;
    }

    /// The answer is relayed: both sides are free for the next exchange.
    void finish() {
        peer_->message_.reset();
        peer_->peer_ = nullptr;
        message_.reset();
        peer_ = nullptr;
        all_.idle.push_back(this);
    }

    void send_all(std::string_view bytes) {
        const ssize_t count = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN) {
            return end();
        }
        unsent_.assign(bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
    }

    void end() {
        std::erase(all_.idle, this);
        if (peer_ != nullptr) {
            all_.loop.remove(*peer_);
            peer_->peer_ = nullptr;
        }
        all_.loop.remove(*this);
        peer_ = nullptr;
    }

    relay& all_;
    const bool is_client_;
    side* peer_ = nullptr;
    message message_;
    std::string unsent_;
    bool is_ending_ = false; // the end of the connection was reported, which happens once
};

void serve(relay& all, std::uint16_t port) {
    all.loop.add(std::make_shared<listener>(
        port, [&all](int fd) { all.loop.add(std::make_shared<side>(fd, all, true)); }));
    for (;;) {
        all.loop.wait();
    }
}

} // namespace
} // namespace bench

int main(int argc, char** argv) {
    const bench::options given(argc, argv, 1, {"port", "host"});
    bench::settle_in();
    bench::relay all;
    all.host_port = given.port("host");
    bench::serve(all, given.port("port"));
}
