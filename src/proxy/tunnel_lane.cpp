#include "tunnel_lane.hpp"

#include <utility>

namespace secondwind::proxy {

using enum message_course;

std::string_view tunnel_lane::due() {
    if (own_.empty() || !at_boundary())
        return {};
    out_.clear();
    out_.swap(own_);
    return out_;
}

std::string_view tunnel_lane::take(std::string_view bytes) {
    if (blind_)
        return bytes;
    bytes_ = bytes;
    out_begin_ = out_end_ = 0;
    mixed_ = false;
    std::size_t at = 0;
    std::size_t from = 0; // where what is undecided begins in these bytes
    while (at < bytes.size() && !blind_) {
        auto const step = watch_.next(bytes.substr(at));
        auto const begin = std::exchange(at, at + step.size);
        if (watch_.odd()) {
            give_up(decided_ ? begin : from);
        } else if (step.control) {
            if (step.close && !std::exchange(closed_, true)) {
                reader_.close();
                if (!passing_)
                    pass_own();
            }
            pass(begin, at);
            from = at;
        } else if (step.known) {
            decide(from, at);
        } else if (decided_) {
            go_on(step, begin, at);
        }
        if (step.ended) {
            finish_message();
            from = at;
        }
        if (retiring_ && !blind_ && watch_.at_boundary() && own_.empty()) {
            blind_ = true;
            pass(at, bytes.size());
        }
    }
    if (!blind_ && !decided_ && !watch_.in_control())
        undecided_.append(bytes.substr(from));
    return mixed_ ? std::string_view{out_} : bytes.substr(out_begin_, out_end_ - out_begin_);
}

std::string_view tunnel_lane::end() {
    reader_.over();
    out_.swap(own_);
    own_.clear();
    return out_;
}

// As long as it is one run of what was read, nothing is copied.
void tunnel_lane::pass(std::size_t begin, std::size_t end) {
    if (mixed_) {
        out_.append(bytes_.substr(begin, end - begin));
        return;
    }
    if (out_begin_ == out_end_)
        out_begin_ = out_end_ = begin;
    if (begin == out_end_)
        out_end_ = end;
    else
        pass(bytes_.substr(begin, end - begin));
}

void tunnel_lane::pass(std::string_view before) {
    if (before.empty())
        return;
    if (!mixed_)
        out_.assign(bytes_.substr(out_begin_, out_end_ - out_begin_));
    mixed_ = true;
    out_.append(before);
}

void tunnel_lane::pass_own() {
    pass(own_);
    own_.clear();
}

void tunnel_lane::decide(std::size_t from, std::size_t to) {
    decided_ = true;
    course_ = retiring_ ? message_course::pass : reader_.begin(watch_.prefix());
    pass_own();
    passing_ = course_ == message_course::pass || course_ == pass_read;
    if (passing_) {
        pass(undecided_);
        pass(from, to);
    } else if (course_ == hold) {
        held_ = undecided_;
        held_.append(bytes_.substr(from, to - from));
    }
    std::string{}.swap(undecided_);
    if (course_ != message_course::pass && course_ != drop)
        reader_.read(watch_.prefix(), {});
}

void tunnel_lane::go_on(http::frame_step const& step, std::size_t from, std::size_t to) {
    if (passing_)
        pass(from, to);
    else if (course_ == hold)
        held_.append(bytes_.substr(from, to - from));
    if (course_ != message_course::pass && course_ != drop)
        reader_.read(step.payload, step.mask);
}

void tunnel_lane::finish_message() {
    decided_ = passing_ = false;
    bool const passes = course_ != message_course::pass && course_ != drop && reader_.end();
    if (course_ == hold) {
        if (passes)
            pass(held_);
        std::string{}.swap(held_);
    }
    pass_own();
}

void tunnel_lane::give_up(std::size_t from) {
    blind_ = true;
    passing_ = false;
    reader_.lose();
    pass_own();
    pass(undecided_);
    pass(held_);
    std::string{}.swap(undecided_);
    std::string{}.swap(held_);
    pass(from, bytes_.size());
}

} // namespace secondwind::proxy
