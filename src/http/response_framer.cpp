#include <secondwind/http/response_framer.hpp>

#include <algorithm>

namespace secondwind::http {

response_framer::response_framer(response_head const& head) noexcept
    : framing_{head.framing}, left_{head.length} {
    bool const empty = framing_ == framing::none || (framing_ == framing::length && left_ == 0);
    state_ = empty ? decoder_state::complete : decoder_state::need_more;
}

chunked_decoder::step response_framer::push_run(std::string_view in) noexcept {
    if (state_ != decoder_state::need_more) {
        return {state_, 0, {}};
    }
    switch (framing_) {
    case framing::length: {
        auto const run = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
        left_ -= run;
        state_ = left_ == 0 ? decoder_state::complete : decoder_state::need_more;
        return {state_, run, in.substr(0, run)};
    }
    case framing::chunked: {
        auto const step = chunks_.push(in);
        state_ = step.state;
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
    if (state_ == decoder_state::need_more) {
        state_ = framing_ == framing::until_close ? decoder_state::complete : decoder_state::bad;
    }
    return state_;
}

} // namespace secondwind::http
