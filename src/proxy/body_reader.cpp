#include <secondwind/proxy/body_reader.hpp>

#include <algorithm>
#include <cstring>

namespace secondwind::proxy {

body_reader::body_reader(context& shared, client& from, http::request_head const& head) noexcept
    : shared_{shared}, client_{from}, framing_{head.framing}, left_{head.length},
      chunks_{{shared.settings.limits.chunk_extensions, shared.settings.limits.trailers}},
      finished_{head.framing == http::framing::none} {}

net::task<body_reader::status> body_reader::fill(replay_buffer& into) {
    if (finished_)
        co_return status::complete;
    auto result = status::complete;
    if (framing_ == http::framing::length)
        result = co_await fill_length(into);
    else
        result = co_await fill_chunked(into);
    co_return result;
}

void body_reader::begin(std::string_view& arrived, replay_buffer& into) {
    if (framing_ != http::framing::length)
        return;
    kept_ = left_ <= shared_.settings.limits.replay_buffer &&
            into.reserve(static_cast<std::size_t>(left_));
    if (!kept_)
        return;
    auto const n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, arrived.size()));
    into.append(arrived.substr(0, n));
    arrived.remove_prefix(n);
    left_ -= n;
    received_ = n;
    finished_ = left_ == 0;
}

// Straight to where the bytes stay.
net::task<body_reader::status> body_reader::fill_length(replay_buffer& into) {
    if (!kept_)
        co_return status::more;
    while (left_ > 0) {
        auto const [data, size] = into.room();
        std::size_t got = 0;
        auto const ec = co_await receive(net::asio::buffer(data, size), got);
        if (ec)
            co_return fault_ ? status::broken : status::gone;
        into.commit(got);
        left_ -= got;
        received_ += got;
    }
    finished_ = true;
    co_return status::complete;
}

net::task<body_reader::status> body_reader::fill_chunked(replay_buffer& into) {
    for (;;) {
        auto const got = co_await next();
        if (!into.append(got.data)) {
            // It stays where it is: the next call of next() gives it out again.
            given_back_ = got.data;
            co_return status::more;
        }
        if (got.status != status::more)
            co_return got.status;
    }
}

net::task<body_reader::piece> body_reader::next() {
    if (!given_back_.empty())
        co_return piece{status::more, std::exchange(given_back_, {})};
    for (;;) {
        if (finished_)
            co_return piece{status::complete, {}};
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
                co_return piece{fault_ ? status::broken : status::gone, {}};
        }
        auto const taken = take(std::string_view{raw_}.substr(used_));
        if (fault_)
            co_return piece{status::broken, {}};
        received_ += taken.size();
        auto const most = shared_.settings.limits.body;
        if (most > 0 && received_ > most) {
            fault_ =
                http::refusal{413, "body", "The request body is larger than limits.body allows."};
            co_return piece{status::broken, {}};
        }
        if (!taken.empty())
            co_return piece{status::more, taken};
    }
}

std::string_view body_reader::take(std::string_view in) {
    std::string_view data;
    if (framing_ == http::framing::length) {
        data = in.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
        left_ -= data.size();
        used_ += data.size();
        finished_ = left_ == 0;
    } else {
        auto const step = chunks_.push(in);
        data = step.data;
        used_ += step.consumed;
        finished_ = step.status == http::chunked_decoder::status::complete;
        if (step.status == http::chunked_decoder::status::bad)
            fault_ = http::refusal{400, chunks_.rule(),
                                   "The chunked request body is malformed; send it with a "
                                   "Content-Length or in valid chunks."};
    }
    // What came behind the body is the next request.
    if (finished_) {
        client_.unread().insert(0, raw_, used_);
        raw_.resize(used_);
    }
    return data;
}

net::task<net::error_code> body_reader::receive(net::asio::mutable_buffer into, std::size_t& n) {
    net::error_code ec;
    n = net::try_read(client_.socket(), into, ec);
    if (ec != net::asio::error::would_block)
        co_return ec;
    net::scoped_deadline idle{client_.slot(), "body_idle", [this] { client_.stop_waiting(); }};
    while (ec == net::asio::error::would_block) {
        idle.arm(shared_.settings.timeouts.body_idle);
        ec = co_await client_.readable();
        if (!ec)
            n = net::try_read(client_.socket(), into, ec);
    }
    if (idle.expired())
        fault_ = http::refusal{408, "body_idle_timeout",
                               "The request body did not arrive in time (timeouts.body_idle)."};
    co_return ec;
}

} // namespace secondwind::proxy
