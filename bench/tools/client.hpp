#pragma once
// One client of the load generator: it sends requests, and checks that each answer is exactly
// right. The first wrong answer ends the run, because its figures would mean nothing.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "answers.hpp"
#include "event_loop.hpp"
#include "message.hpp"
#include "transport.hpp"

namespace bench {

/// A request, and its expected answer.
struct question {
    std::string request;
    int status = 200;
    std::uint64_t length = 0; // of the body; 0 is not checked
    std::uint64_t events = 0; // of a stream; 0: not a stream
};

/// The shared state of all clients of a run.
struct crowd {
    event_loop loop;
    std::vector<std::uint64_t> latencies; // ns: of answers, or of the events of streams
    std::uint64_t answers = 0;
    std::uint64_t events = 0;
    bool measuring = false;
};

inline std::string post(std::string_view target, std::string_view body) {
    std::string request = "POST ";
    request.append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    request.append("Authorization: Bearer none\r\nContent-Type: application/json\r\n");
    request.append("Content-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    return request.append(body);
}

inline std::string get(std::string_view target) {
    return std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
}

/// A chat request for a model of the backend, with a body of about the size given.
inline std::string chat(const std::string& model, bool stream, std::size_t size = 1024) {
    const std::string begin = R"({"model":")" + model + R"(","stream":)" +
                              (stream ? "true" : "false") +
                              R"(,"messages":[{"role":"user","content":")";
    return post("/v1/chat/completions", padded(begin, "\"}]}", size));
}

class client : public watcher {
public:
    using handler = std::function<void(client&)>;

    /// `begun` is called with the first event of a stream, `answered` after a complete answer; both
    /// may send the next request at once.
    client(int fd, bool tls, crowd& all, handler answered, handler begun = nullptr)
        : watcher(fd), bytes_(fd, tls), all_(all), answered_(std::move(answered)),
          begun_(std::move(begun)) {}

    void ask(const question& request) {
        question_ = &request;
        sent_ = 0;
        body_size_ = events_ = 0;
        is_done_ = false;
        partial_.clear();
        answer_.reset();
        asked_at_ = now_ns();
        send_on();
    }

    std::uint64_t waited() const { return now_ns() - asked_at_; }

    void ready(std::uint32_t events) override {
        is_ending_ = is_ending_ || (events & event_loop::ending) != 0;
        if ((events & event_loop::writable) != 0) {
            send_on();
        }
        if ((events & event_loop::readable) != 0) {
            read_on();
        }
    }

private:
    void send_on() {
        while (question_ != nullptr && sent_ < question_->request.size()) {
            const ssize_t count =
                bytes_.write(question_->request.data() + sent_, question_->request.size() - sent_);
            if (count < 0 && errno == EAGAIN) {
                return;
            }
            if (count < 0) {
                give_up(std::string("a request could not be sent: ") + std::strerror(errno));
            }
            sent_ += static_cast<std::size_t>(count);
        }
    }

    void read_on() {
        static char scratch[1 << 18];
        for (;;) {
            const ssize_t count = bytes_.read(scratch, sizeof scratch);
            if (count < 0 && errno == EAGAIN) {
                return;
            }
            if (count <= 0) {
                give_up(question_ != nullptr ? "a connection ended before its answer did"
                                             : "an idle connection ended");
            }
            const std::string_view bytes(scratch, static_cast<std::size_t>(count));
            if (question_ == nullptr) {
                give_up("bytes came that nobody asked for");
            }
            const std::size_t used =
                answer_.take(bytes, [this](std::string_view piece) { take_body(piece); });
            if (answer_.broken() || used < bytes.size()) {
                give_up("an answer is not framed as it should be");
            }
            if (answer_.complete()) {
                check_whole();
                question_ = nullptr;
                ++all_.answers;
                answered_(*this);
            }
            if (bytes.size() < sizeof scratch && !is_ending_) {
                return; // nothing is left: more bytes will be a new edge
            }
        }
    }

    void take_body(std::string_view piece) {
        if (body_size_ == 0) {
            check_status();
        }
        body_size_ += piece.size();
        if (question_->events == 0) {
            return;
        }
        std::string joined;
        if (!partial_.empty()) {
            joined = std::move(partial_.append(piece));
            piece = joined;
        }
        for (std::size_t end = piece.find("\n\n"); end != std::string_view::npos;
             end = piece.find("\n\n")) {
            take_event(piece.substr(0, end + 2));
            piece.remove_prefix(end + 2);
        }
        partial_ = std::string(piece);
    }

    void take_event(std::string_view event) {
        if (event == done_event) {
            is_done_ = true;
            return;
        }
        const std::size_t at = event.find(stamp_name);
        if (at == std::string_view::npos || is_done_) {
            give_up("a stream has an event that does not belong there");
        }
        if (all_.measuring) {
            std::uint64_t stamp = 0;
            const char* digits = event.data() + at + stamp_name.size();
            std::from_chars(digits, digits + stamp_digits, stamp);
            all_.latencies.push_back(now_ns() - stamp);
        }
        ++all_.events;
        if (++events_ == 1 && begun_) {
            begun_(*this);
        }
    }

    void check_status() const {
        if (answer_.status() != question_->status) {
            give_up("status " + std::to_string(answer_.status()) + " instead of " +
                    std::to_string(question_->status));
        }
    }

    void check_whole() const {
        check_status();
        if (question_->length != 0 && body_size_ != question_->length) {
            give_up("a body of " + std::to_string(body_size_) + " bytes instead of " +
                    std::to_string(question_->length));
        }
        if (question_->events != 0 && (events_ != question_->events || !is_done_)) {
            give_up("a stream of " + std::to_string(events_) + " events instead of " +
                    std::to_string(question_->events));
        }
    }

    transport bytes_;
    crowd& all_;
    const handler answered_;
    const handler begun_;
    const question* question_ = nullptr;
    std::size_t sent_ = 0;
    message answer_;
    std::uint64_t body_size_ = 0;
    std::uint64_t events_ = 0;
    bool is_done_ = false; // [DONE] has arrived
    std::string partial_;  // the beginning of an event
    std::uint64_t asked_at_ = 0;
    bool is_ending_ = false; // the end of the connection was reported, which happens once
};

} // namespace bench
