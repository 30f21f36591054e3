#include <secondwind/http/response_framer.hpp>

#include <algorithm>

namespace secondwind::http {

decoder_state response_framer::state() const noexcept {
    bool complete = true;
    switch (framing_) {
    case framing::none:
        break;
    case framing::length:
        complete = left_ == 0;
        break;
    case framing::until_close:
        complete = closed_;
        break;
    case framing::chunked:
        if (chunk_state_ == decoder_state::bad) {
            return decoder_state::bad;
        }
        complete = chunk_state_ == decoder_state::complete;
        break;
    }
    if (complete) {
        return decoder_state::complete;
    }
    return closed_ ? decoder_state::bad : decoder_state::need_more;
}

chunked_decoder::step response_framer::push_run(std::string_view in) noexcept {
    if (auto const now = state(); now != decoder_state::need_more) {
        return {now, 0, {}};
    }
    switch (framing_) {
    case framing::length: {
        auto const run = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
        left_ -= run;
        return {left_ == 0 ? decoder_state::complete : decoder_state::need_more, run,
                in.substr(0, run)};
    }
    case framing::chunked: {
        auto const step = chunks_.push(in);
        chunk_state_ = step.state;
        return step;
    }
    default:
        return {decoder_state::need_more, in.size(), in};
    }
}

std::size_t response_framer::push(std::string_view in) noexcept {
    std::size_t taken = 0;
    while (taken < in.size()) {
        auto const step = push_run(in.substr(taken));
        taken += step.consumed;
        if (step.state != decoder_state::need_more) {
            break;
        }
    }
    return taken;
}

decoder_state response_framer::finish() noexcept {
    closed_ = true;
    return state();
}

} // namespace secondwind::http
