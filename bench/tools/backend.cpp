// The host of the benchmark: an HTTP/1.1 server with keep-alive, on one thread, that answers as the
// "model" in the body of a POST asks:
//
//     bench-json-<bytes>                    a JSON answer of that size
//     bench-sse-<events>-<bytes>-<gap_us>   an event stream; each event is one chunk and one send,
//                                           and contains the time. A gap of 0: as fast as possible
//     bench-rec-<id>                        a memory error, until a model was unloaded after it
//
// GET /big/<bytes> is a download. A body of any size is read and dropped, except for its beginning.
//
//     bench_backend --port PORT

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>

#include "answers.hpp"
#include "event_loop.hpp"
#include "message.hpp"
#include "options.hpp"
#include "socket.hpp"

namespace bench {
namespace {

constexpr std::size_t beginning_kept = 4096;

char scratch[1 << 18];

class connection;

/// When each stream has its next event.
struct due {
    std::uint64_t when;
    std::weak_ptr<connection> client;
    bool operator<(const due& other) const { return when > other.when; }
};

/// What all connections share.
struct host {
    event_loop loop;
    std::priority_queue<due> schedule;
    std::map<std::size_t, std::string> answers; // by size: each is made once
    std::string filler = std::string(1 << 18, 'z');
    std::uint64_t streams = 0;
    // For the recoveries: how many unloads had happened when an id was refused.
    std::map<std::string, std::uint64_t, std::less<>> refused;
    std::uint64_t unloads = 0;
    bool old_model_loaded = true;
};

std::uint64_t number_at(std::string_view& text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    text.remove_prefix(text.starts_with('-') ? 1 : 0);
    return number;
}

class connection : public watcher, public std::enable_shared_from_this<connection> {
public:
    connection(int fd, host& all) : watcher(fd), host_(all) {}

    void ready(std::uint32_t events) override {
        if ((events & event_loop::writable) != 0) {
            send_on();
        }
        if (!closed() && (events & event_loop::readable) != 0) {
            read_on();
        }
    }

    /// Its timer has expired: sends one event, or the end of the stream.
    void next_event(std::uint64_t now) {
        if (closed() || !streaming_ || !unsent_.empty()) {
            return; // a stream that is not read continues when it is
        }
        if (events_left_ == 0) {
            streaming_ = false;
            send_all(chunk(done_event) + "0\r\n\r\n");
            return;
        }
        --events_left_;
        write_stamp(event_.data() + stamp_at_, now_ns());
        send_all(event_);
        due_ = gap_ == 0 ? now : due_ + gap_;
        if (unsent_.empty()) {
            schedule();
        }
    }

private:
    void read_on() {
        while (!closed()) {
            const ssize_t count = recv(fd(), scratch, sizeof scratch, 0);
            if (count < 0 && errno == EAGAIN) {
                return;
            }
            if (count <= 0) {
                return host_.loop.remove(*this);
            }
            std::string_view bytes(scratch, static_cast<std::size_t>(count));
            while (!bytes.empty() && !closed()) {
                bytes.remove_prefix(request_.take(bytes, [this](std::string_view piece) {
                    beginning_.append(piece.substr(0, beginning_kept - beginning_.size()));
                }));
                if (request_.broken() || streaming_ || big_left_ > 0) {
                    // A client must not send a request before the answer has ended.
                    return host_.loop.remove(*this);
                }
                if (request_.complete()) {
                    answer();
                    request_.reset();
                    beginning_.clear();
                }
            }
        }
    }

    void answer() {
        std::string_view target = request_.target();
        if (request_.method() == "POST") {
            return target == "/api/v1/models/unload" ? unload() : answer_model(model());
        }
        if (target == "/api/v1/models") {
            send_all(json_answer("200 OK", inventory(host_.old_model_loaded)));
        } else if (target.starts_with("/big/")) {
            target.remove_prefix(5);
            big_left_ = number_at(target);
            send_all("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                     "Content-Length: " +
                     std::to_string(big_left_) + "\r\n\r\n");
            send_big();
        } else { // LM Studio's answer to unknown paths
            send_all(json_answer("200 OK", R"({"error":"Unexpected endpoint or method."})"));
        }
    }

    std::string_view model() const {
        constexpr std::string_view name = "\"model\":\"";
        const std::size_t at = beginning_.find(name);
        if (at == std::string::npos) {
            return {};
        }
        const std::string_view rest = std::string_view(beginning_).substr(at + name.size());
        return rest.substr(0, rest.find('"'));
    }

    void answer_model(std::string_view model) {
        const auto is = [&model](std::string_view kind) {
            const bool same = model.starts_with(kind);
            model.remove_prefix(same ? kind.size() : 0);
            return same;
        };
        if (is("bench-json-")) {
            send_completion(number_at(model));
        } else if (is("bench-sse-")) {
            const std::uint64_t events = number_at(model);
            const std::uint64_t size = number_at(model);
            const std::uint64_t gap_us = number_at(model);
            begin_stream(events, size, gap_us * 1000);
        } else if (is("bench-rec-")) {
            answer_after_unload(model);
        } else {
            send_all(json_answer("400 Bad Request", R"({"error":"unknown model"})"));
        }
    }

    void send_completion(std::size_t size) {
        std::string& answer = host_.answers[size];
        if (answer.empty()) {
            answer = json_answer("200 OK", completion(size));
        }
        send_all(answer);
    }

    void answer_after_unload(std::string_view id) {
        const auto found = host_.refused.find(id);
        if (found != host_.refused.end() && host_.unloads > found->second) {
            host_.refused.erase(found);
            return send_completion(1024);
        }
        if (found == host_.refused.end()) {
            host_.refused.emplace(id, host_.unloads);
            host_.old_model_loaded = true;
        }
        send_all(json_answer("400 Bad Request", memory_error));
    }

    void unload() {
        ++host_.unloads;
        host_.old_model_loaded = false;
        send_all(json_answer("200 OK", R"({"instance_id":"old-model"})"));
    }

    void begin_stream(std::uint64_t events, std::size_t size, std::uint64_t gap) {
        event_ = event_chunk(size);
        stamp_at_ = event_.find(stamp_name) + stamp_name.size();
        events_left_ = events;
        gap_ = gap;
        streaming_ = true;
        send_all(stream_head);
        // The first event is sent at once; the others of all streams are spread over the gap, so
        // that a thousand streams that begin together do not send at the same moments.
        const std::uint64_t now = now_ns();
        const std::uint64_t phase = ++host_.streams * 2'654'435'761U;
        due_ = gap == 0 ? now : now - gap + phase % gap;
        next_event(now);
    }

    void schedule() { host_.schedule.push({due_, weak_from_this()}); }

    void send_all(std::string_view bytes) {
        if (closed() || !unsent_.empty()) {
            unsent_.append(bytes);
            return;
        }
        const ssize_t count = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN) {
            return host_.loop.remove(*this);
        }
        unsent_.assign(bytes.substr(static_cast<std::size_t>(std::max<ssize_t>(count, 0))));
    }

    /// The socket is writable again: sends the rest of an answer, then continues.
    void send_on() {
        if (!unsent_.empty()) {
            const std::string rest = std::move(unsent_);
            unsent_.clear();
            send_all(rest);
            if (unsent_.empty() && streaming_) {
                schedule();
            }
        }
        send_big();
    }

    void send_big() {
        while (!closed() && unsent_.empty() && big_left_ > 0) {
            const std::size_t size = std::min<std::uint64_t>(big_left_, host_.filler.size());
            const ssize_t count = send(fd(), host_.filler.data(), size, MSG_NOSIGNAL);
            if (count < 0) {
                return errno == EAGAIN ? void() : host_.loop.remove(*this);
            }
            big_left_ -= static_cast<std::uint64_t>(count);
        }
    }

    host& host_;
    message request_;
    std::string beginning_; // of the body
    std::string unsent_;
    std::uint64_t big_left_ = 0;
    bool streaming_ = false;
    std::string event_;
    std::size_t stamp_at_ = 0;
    std::uint64_t events_left_ = 0;
    std::uint64_t gap_ = 0;
    std::uint64_t due_ = 0;
};

void serve(host& all, std::uint16_t port) {
    all.loop.add(std::make_shared<listener>(
        port, [&all](int fd) { all.loop.add(std::make_shared<connection>(fd, all)); }));
    for (;;) {
        std::optional<std::uint64_t> timeout;
        if (!all.schedule.empty()) {
            const std::uint64_t next = all.schedule.top().when;
            const std::uint64_t now = now_ns();
            timeout = next > now ? next - now : 0;
        }
        all.loop.wait(timeout);
        const std::uint64_t now = now_ns();
        // Bounded by the events due now: a stream without a gap goes to the end of the queue again.
        for (std::size_t i = all.schedule.size(); i > 0 && all.schedule.top().when <= now; --i) {
            const std::shared_ptr<connection> client = all.schedule.top().client.lock();
            all.schedule.pop();
            if (client) {
                client->next_event(now + 1);
            }
        }
    }
}

} // namespace
} // namespace bench

int main(int argc, char** argv) {
    const bench::options given(argc, argv, 1, {"port"});
    bench::settle_in();
    bench::host all;
    bench::serve(all, given.port("port"));
}
