#include <secondwind/http/response_framer.hpp>

#include <algorithm>

namespace secondwind::http {

response_framer::status response_framer::state() const noexcept {
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
        if (chunk_status_ == chunked_decoder::status::bad) {
            return status::bad;
        }
        complete = chunk_status_ == chunked_decoder::status::complete;
        break;
    }
    if (complete) {
        return status::complete;
    }
    return closed_ ? status::bad : status::need_more;
}

chunked_decoder::step response_framer::push_run(std::string_view in) noexcept {
    using step_status = chunked_decoder::status;
    if (auto const now = state(); now != status::need_more) {
        return {now == status::bad ? step_status::bad : step_status::complete, 0, {}};
    }
    switch (framing_) {
    case framing::length: {
        auto const run = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
        left_ -= run;
        return {left_ == 0 ? step_status::complete : step_status::need_more, run,
                in.substr(0, run)};
    }
    case framing::chunked: {
        auto const step = chunks_.push(in);
        chunk_status_ = step.status;
        return step;
    }
    default:
        return {step_status::need_more, in.size(), in};
    }
}

std::size_t response_framer::push(std::string_view in) noexcept {
    std::size_t taken = 0;
    while (taken < in.size()) {
        auto const step = push_run(in.substr(taken));
        taken += step.consumed;
        if (step.status != chunked_decoder::status::need_more) {
            break;
        }
    }
    return taken;
}

response_framer::status response_framer::finish() noexcept {
    closed_ = true;
    return state();
}

} // namespace secondwind::http
