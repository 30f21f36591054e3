#include "body_reader.hpp"
#include <secondwind/net/block_pool.hpp>

#include <algorithm>
#include <cstring>

namespace secondwind::proxy {

namespace {

// While a body is read, it can be given up.
class arrival {
public:
    arrival(replay_account& account, replay_account::reader& reader) noexcept : account_{account} {
        account_.start(reader);
    }
    arrival(arrival const&) = delete;
    arrival& operator=(arrival const&) = delete;
    ~arrival() { account_.stop(); }

private:
    replay_account& account_;
};

} // namespace

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

void body_reader::begin(std::string_view& arrived, replay_buffer& kept) {
    if (framing_ != http::framing::length)
        return;
    kept_ = kept.expect(left_);
    auto const n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, arrived.size()));
    if (!kept_ || !kept.append(arrived.substr(0, n)))
        return;
    arrived.remove_prefix(n);
    left_ -= n;
    received_ = n;
    finished_ = left_ == 0;
}

net::task<body_reader::state> body_reader::fill(replay_buffer& kept) {
    if (finished_)
        co_return state::complete;
    if (!kept_)
        co_return state::more;
    arrival const arriving{kept.account(), *this};
    auto result = state::complete;
    if (framing_ == http::framing::length)
        result = co_await fill_length(kept);
    else
        result = co_await fill_chunked(kept);
    co_return result;
}

// Reads straight to where the bytes stay.
net::task<body_reader::state> body_reader::fill_length(replay_buffer& kept) {
    while (left_ > 0) {
        auto const some =
            static_cast<std::size_t>(std::min<std::uint64_t>(left_, net::block_pool::block_size));
        if (!kept.affords(some)) {
            bool const room = co_await make_room(kept, some);
            if (!room)
                co_return client_.socket().is_open() ? state::more : state::gone;
        }
        // What came along with the head was not kept while memory was short.
        std::size_t got = std::min(some, client_.unread().size());
        if (got > 0) {
            kept.append(std::string_view{client_.unread()}.substr(0, got));
            client_.unread().erase(0, got);
        } else {
            auto const into = kept.room(left_);
            net::error_code ec;
            got = net::try_read(client_.socket(), net::asio::buffer(into.data(), into.size()), ec);
            if (ec == net::asio::error::would_block)
                ec = co_await wait();
            if (kept.given_up() && !fault_)
                co_return state::more;
            if (ec)
                co_return stopped();
            kept.commit(got);
        }
        left_ -= got;
        received_ += got;
    }
    finished_ = true;
    co_return state::complete;
}

net::task<body_reader::state> body_reader::fill_chunked(replay_buffer& kept) {
    for (;;) {
        auto const got = co_await next();
        if (got.state == state::gone && kept.given_up())
            co_return state::more;
        bool room = kept.fits(got.data.size());
        if (room && !kept.affords(got.data.size()))
            room = co_await make_room(kept, got.data.size());
        if (!room || !kept.append(got.data)) {
            // The next call of next() returns it again.
            given_back_ = got.data;
            co_return client_.socket().is_open() ? state::more : state::gone;
        }
        if (got.state != state::more)
            co_return got.state;
    }
}

// Waits until that much more may be kept. False: it is given up.
net::task<bool> body_reader::make_room(replay_buffer& kept, std::size_t size) {
    auto& account = kept.account();
    auto& loop = static_cast<net::asio::io_context&>(client_.socket().get_executor().context());
    net::gate memory{loop};
    net::scoped_deadline late{client_.slot(), "body_idle", settings_.timeouts.body_idle,
                              [this] { on_memory(); }};
    for (account.ask(size); !kept.given_up() && !kept.affords(size); account.ask(size)) {
        if (late.expired() || !client_.socket().is_open()) {
            account.give_up();
            break;
        }
        net::gate::waiter until{memory};
        pause_ = &until;
        account.wait(true);
        co_await until;
        account.wait(false);
        pause_ = nullptr;
    }
    co_return !kept.given_up();
}

void body_reader::on_memory() {
    if (pause_ != nullptr)
        pause_->cancel();
}

void body_reader::on_given_up() {
    on_memory();
    client_.stop_waiting();
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
            net::error_code ec;
            auto const got = net::try_read(client_.socket(), net::asio::buffer(raw_), ec);
            raw_.resize(got);
            if (ec == net::asio::error::would_block)
                ec = co_await wait();
            if (ec)
                co_return piece{stopped(), {}};
            if (raw_.empty())
                continue;
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

// Waits for more bytes, within the time that is left for them.
net::task<net::error_code> body_reader::wait() {
    auto const began = std::chrono::steady_clock::now();
    auto const rate = slowest();
    bool const by_rate = rate < settings_.timeouts.body_idle;
    net::scoped_deadline late{client_.slot(), "body_idle",
                              by_rate ? rate : settings_.timeouts.body_idle,
                              [this] { client_.stop_waiting(); }};
    auto const ec = co_await client_.readable();
    waited_ += std::chrono::steady_clock::now() - began;
    if (late.expired() && by_rate)
        fault_ = http::refusal{
            408, "body_rate_timeout",
            "The request body arrived more slowly than this proxy accepts "
            "(timeouts.body_rate, in bytes a second). Send the request again, faster."};
    else if (late.expired())
        fault_ = http::refusal{408, "body_idle_timeout",
                               "No more of the request body arrived in time "
                               "(timeouts.body_idle). Send the request again, without pauses."};
    co_return ec;
}

// How long the next bytes may take, at the least rate of the whole body. Only the time counts that
// is spent on waiting for the client: it is not slow where the host is.
std::chrono::milliseconds body_reader::slowest() const noexcept {
    using namespace std::chrono;
    auto const& timeouts = settings_.timeouts;
    if (timeouts.body_rate == 0)
        return milliseconds::max();
    auto const earned = milliseconds{received_ * 1000 / timeouts.body_rate};
    return std::max(timeouts.body_grace + earned - duration_cast<milliseconds>(waited_),
                    milliseconds{1});
}

} // namespace secondwind::proxy
