#include "body_reader.hpp"
#include <secondwind/net/block_pool.hpp>

#include <algorithm>
#include <cstring>

namespace secondwind::proxy {

http::refusal body_reader::too_large() {
    return {
        413, "body",
        "The request body is larger than this proxy accepts (limits.body). Send a smaller one."};
}

body_reader::body_reader(client& client, config::settings const& settings,
                         http::request_head const& head) noexcept
    : client_{client}, settings_{settings}, framing_{head.framing}, left_{head.length},
      chunks_{{settings.limits.chunk_extensions, settings.limits.trailers}},
      finished_{head.framing == http::framing::none} {}

net::task<body_reader::state> body_reader::fill(replay_buffer& kept) {
    if (finished_)
        co_return state::complete;
    auto result = state::complete;
    if (framing_ == http::framing::length)
        result = co_await fill_length(kept);
    else
        result = co_await fill_chunked(kept);
    co_return result;
}

void body_reader::begin(std::string_view& arrived, replay_buffer& kept) {
    if (framing_ != http::framing::length)
        return;
    kept_ =
        left_ <= settings_.limits.replay_buffer && kept.reserve(static_cast<std::size_t>(left_));
    if (!kept_)
        return;
    auto const n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, arrived.size()));
    kept.append(arrived.substr(0, n));
    arrived.remove_prefix(n);
    left_ -= n;
    received_ = n;
    finished_ = left_ == 0;
}

// Reads straight to where the bytes stay.
net::task<body_reader::state> body_reader::fill_length(replay_buffer& kept) {
    if (!kept_)
        co_return state::more;
    while (left_ > 0) {
        auto const [data, size] = kept.room();
        std::size_t got = 0;
        auto const ec = co_await receive(net::asio::buffer(data, size), got);
        if (ec)
            co_return fault_ ? state::broken : state::gone;
        kept.commit(got);
        left_ -= got;
        received_ += got;
    }
    finished_ = true;
    co_return state::complete;
}

net::task<body_reader::state> body_reader::fill_chunked(replay_buffer& kept) {
    for (;;) {
        auto const got = co_await next();
        if (!kept.append(got.data)) {
            // The next call of next() returns it again.
            given_back_ = got.data;
            co_return state::more;
        }
        if (got.state != state::more)
            co_return got.state;
    }
}

net::task<body_reader::piece> body_reader::next() {
    if (!given_back_.empty())
        co_return piece{state::more, std::exchange(given_back_, {})};
    for (;;) {
        if (finished_)
            co_return piece{state::complete, {}};
        if (used_ == raw_.size()) {
            used_ = 0;
            raw_.clear();
            raw_.swap(client_.unread());
        }
        if (raw_.empty()) {
            raw_.resize(net::block_pool::block_size);
            std::size_t got = 0;
            auto const ec = co_await receive(net::asio::buffer(raw_), got);
            raw_.resize(got);
            if (ec)
                co_return piece{fault_ ? state::broken : state::gone, {}};
        }
        auto const taken = take(std::string_view{raw_}.substr(used_));
        if (fault_)
            co_return piece{state::broken, {}};
        received_ += taken.size();
        auto const most = settings_.limits.body;
        if (most > 0 && received_ > most) {
            fault_ = too_large();
            co_return piece{state::broken, {}};
        }
        if (!taken.empty())
            co_return piece{state::more, taken};
    }
}

std::string_view body_reader::take(std::string_view bytes) {
    std::string_view data;
    if (framing_ == http::framing::length) {
        data =
            bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
        left_ -= data.size();
        used_ += data.size();
        finished_ = left_ == 0;
    } else {
        auto const step = chunks_.push(bytes);
        data = step.data;
        used_ += step.consumed;
        finished_ = step.state == http::decoder_state::complete;
        if (step.state == http::decoder_state::bad)
            fault_ = http::refusal{400, chunks_.rule(),
                                   "The chunked request body is malformed. Send it in valid "
                                   "chunks, or with a Content-Length."};
    }
    // What came after the body is the next request.
    if (finished_) {
        client_.unread().insert(0, raw_, used_);
        raw_.resize(used_);
    }
    return data;
}

net::task<net::error_code> body_reader::receive(net::asio::mutable_buffer buffer,
                                                std::size_t& size) {
    net::error_code ec;
    size = net::try_read(client_.socket(), buffer, ec);
    if (ec != net::asio::error::would_block)
        co_return ec;
    net::scoped_deadline idle{client_.slot(), "body_idle", [this] { client_.stop_waiting(); }};
    while (ec == net::asio::error::would_block) {
        idle.arm(settings_.timeouts.body_idle);
        ec = co_await client_.readable();
        if (!ec)
            size = net::try_read(client_.socket(), buffer, ec);
    }
    if (idle.expired())
        fault_ = http::refusal{408, "body_idle_timeout",
                               "No more of the request body arrived in time "
                               "(timeouts.body_idle). Send the request again, without pauses."};
    co_return ec;
}

} // namespace secondwind::proxy
