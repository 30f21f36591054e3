#include "tunnel_lane.hpp"

#include <utility>

namespace secondwind::proxy {

using enum message_course;

tunnel_lane::kept_bytes& tunnel_lane::keep() {
    if (!kept_)
        kept_ = std::make_unique<kept_bytes>();
    return *kept_;
}

void tunnel_lane::keep_no_more() noexcept {
    if (kept_ && kept_->own.empty() && kept_->undecided.empty() && kept_->held.empty() &&
        !watch_.prefix_is_open())
        kept_.reset();
}

std::string_view tunnel_lane::due() {
    if (!kept_ || kept_->own.empty() || !at_boundary())
        return {};
    kept_->out.clear();
    kept_->out.swap(kept_->own);
    return kept_->out;
}

std::string_view tunnel_lane::take(std::string_view bytes) {
    if (blind_)
        return bytes;
    keep_no_more();
    bytes_ = bytes;
    out_begin_ = out_end_ = 0;
    mixed_ = false;
    http::ws_prefix_room room{};
    if (kept_)
        room = kept_->room;
    watch_.use(room);
    watch(bytes);
    if (!blind_ && watch_.prefix_is_open())
        keep().room = room;
    return mixed_ ? std::string_view{kept_->out} : bytes.substr(out_begin_, out_end_ - out_begin_);
}

void tunnel_lane::watch(std::string_view bytes) {
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
        if (retiring_ && !blind_ && watch_.at_boundary() && (!kept_ || kept_->own.empty())) {
            blind_ = true;
            pass(at, bytes.size());
        }
    }
    if (!blind_ && !decided_ && !watch_.in_control() && from < bytes.size())
        keep().undecided.append(bytes.substr(from));
}

std::string_view tunnel_lane::end() {
    reader_.over();
    if (!kept_)
        return {};
    kept_->out.clear();
    if (at_boundary())
        kept_->out.swap(kept_->own);
    kept_->own.clear();
    // A message that is not whole is passed on as far as it came.
    kept_->out.append(kept_->undecided).append(kept_->held);
    return kept_->out;
}

// As long as it is one run of what was read, nothing is copied.
void tunnel_lane::pass(std::size_t begin, std::size_t end) {
    if (mixed_) {
        kept_->out.append(bytes_.substr(begin, end - begin));
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
    auto& out = keep().out;
    if (!mixed_)
        out.assign(bytes_.substr(out_begin_, out_end_ - out_begin_));
    mixed_ = true;
    out.append(before);
}

void tunnel_lane::pass_own() {
    if (!kept_)
        return;
    pass(kept_->own);
    kept_->own.clear();
}

void tunnel_lane::pass_undecided() {
    if (!kept_)
        return;
    pass(kept_->undecided);
    kept_->undecided.clear();
}

void tunnel_lane::decide(std::size_t from, std::size_t to) {
    decided_ = true;
    course_ = retiring_ ? message_course::pass : reader_.begin(watch_.prefix());
    pass_own();
    passing_ = course_ == message_course::pass || course_ == pass_read;
    if (passing_) {
        pass_undecided();
        pass(from, to);
    } else if (course_ == hold) {
        keep().held = std::move(keep().undecided);
        kept_->held.append(bytes_.substr(from, to - from));
    }
    if (kept_)
        kept_->undecided.clear();
    if (course_ != message_course::pass && course_ != drop)
        reader_.read(watch_.prefix(), {});
}

void tunnel_lane::go_on(http::frame_step const& step, std::size_t from, std::size_t to) {
    if (passing_)
        pass(from, to);
    else if (course_ == hold)
        keep().held.append(bytes_.substr(from, to - from));
    if (course_ != message_course::pass && course_ != drop)
        reader_.read(step.payload, step.mask);
}

void tunnel_lane::finish_message() {
    decided_ = passing_ = false;
    bool const passes = course_ != message_course::pass && course_ != drop && reader_.end();
    if (course_ == hold) {
        if (passes)
            pass(kept_->held);
        std::string{}.swap(kept_->held);
    }
    pass_own();
}

void tunnel_lane::give_up(std::size_t from) {
    blind_ = true;
    passing_ = false;
    reader_.lose();
    pass_own();
    pass_undecided();
    pass(held_message());
    if (kept_)
        std::string{}.swap(kept_->held);
    pass(from, bytes_.size());
}

} // namespace secondwind::proxy
