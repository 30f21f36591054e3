#include <secondwind/upstream/pool.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>

#include <string>

namespace secondwind::upstream {

namespace {

// So long after its last answer a connection is taken to be as it was.
constexpr std::chrono::milliseconds at_work{50};

// Awaits the resolver, which works in a thread of Asio's own and completes on ours.
class resolution {
public:
    using resolver = net::asio::ip::basic_resolver<net::asio::ip::tcp, net::executor>;

    resolution(resolver& r, std::string const& host, std::uint16_t port)
        : resolver_{r}, host_{host}, port_{std::to_string(port)} {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) {
        resolver_.async_resolve(host_, port_, resolver::numeric_service,
                                [this, self](net::error_code ec, resolver::results_type found) {
                                    ec_ = ec;
                                    for (auto const& each : found)
                                        addresses.push_back(each.endpoint());
                                    self.resume();
                                });
    }
    net::error_code await_resume() const noexcept { return ec_; }

    std::vector<net::endpoint> addresses;

private:
    resolver& resolver_;
    std::string const& host_;
    std::string port_;
    net::error_code ec_;
};

} // namespace

void lease::give_back(int keep_alive) {
    pool_->give_back(std::move(held_), keep_alive);
}

pool::pool(net::asio::io_context& io, net::deadline_queue& deadlines, config::upstream const& where,
           config::timeouts const& timeouts)
    : io_{io}, where_{where}, timeouts_{timeouts}, expiry_{deadlines, *this} {}

lease pool::lend() {
    // A connection that speaks or has closed while idle is of no use: its bytes are nobody's
    // answer (RFC 9112 section 9.3.1), and a POST that it takes cannot be sent again. What the loop
    // has heard is known; of what it may not have come to yet, the socket is asked, unless the host
    // was at work on it a moment ago.
    auto const now = std::chrono::steady_clock::now();
    while (auto idle = idle_.take(now)) {
        auto& c = **idle;
        bool const quiet = !c.spoke() && (now - c.idle_since < at_work ||
                                          net::probe(c.socket) == net::silence::quiet);
        if (quiet) {
            lent_.push_back(c);
            return {*this, std::move(*idle)};
        }
    }
    return lend_new();
}

lease pool::lend_new() {
    auto fresh = make_connection(io_.get_executor());
    fresh->cancelled = aborted_;
    lent_.push_back(*fresh);
    return {*this, std::move(fresh)};
}

net::task<failure> pool::connect(connection& c, net::deadline& guard) {
    auto const began = std::chrono::steady_clock::now();
    guard.after(timeouts_.connect);
    failure result;
    if (addresses_.empty())
        result = co_await resolve();
    if (!result && c.cancelled)
        result.what = fault::cancelled;
    if (!result) {
        // A copy: another connect may resolve anew meanwhile.
        auto const addresses = addresses_;
        result.what = fault::connect;
        for (auto const& address : addresses) {
            net::close_quietly(c.socket);
            auto const ec = co_await net::connect(c.socket, address);
            if (c.cancelled) {
                result.what = fault::cancelled;
                break;
            }
            result.cause = ec;
            if (!ec) {
                net::forget_writability(c.socket, result.cause);
                if (!result.cause)
                    net::prepare(c.socket, result.cause);
                if (!result.cause)
                    result.what = fault::none;
                break;
            }
        }
    }
    // A name may have moved; a numeric address resolves to itself at no cost.
    if (result.what == fault::connect)
        addresses_.clear();
    // A connect that was cancelled because its time was up failed; because its client left, not.
    bool const in_vain = result.what == fault::cancelled && !aborted_ &&
                         timeouts_.connect > timeouts_.connect.zero() &&
                         std::chrono::steady_clock::now() - began >= timeouts_.connect;
    connected(result, in_vain);
    guard.clear();
    co_return result;
}

void pool::connected(failure const& how, bool in_vain) {
    if (how.what == fault::cancelled && !in_vain)
        return;
    if (how)
        ++connect_failures_;
    if (watcher_ == nullptr)
        return;
    auto told = how;
    if (in_vain)
        told.what = fault::connect_timeout;
    watcher_->on_connect(told);
}

net::task<failure> pool::resolve() {
    failure result;
    auto const numeric = net::asio::ip::make_address(where_.host, result.cause);
    if (!result.cause) {
        addresses_.assign(1, net::endpoint{numeric, where_.port});
        co_return result;
    }
    resolution::resolver resolver{io_};
    resolution lookup{resolver, where_.host, where_.port};
    result.cause = co_await lookup;
    if (!result.cause && lookup.addresses.empty())
        result.cause = net::asio::error::host_not_found;
    if (result.cause)
        result.what = fault::resolve;
    else
        addresses_ = std::move(lookup.addresses);
    co_return result;
}

void pool::give_back(connection_ptr c, int keep_alive) {
    using namespace std::chrono;
    milliseconds keep = timeouts_.host_idle;
    if (keep_alive >= 0)
        keep = std::min(keep, milliseconds{(seconds{keep_alive} - 1s)});
    if (closed_ || keep <= 0ms)
        return;
    c->reused = true;
    c->lent.unlink();
    c->idle_since = steady_clock::now();
    c->listen();
    auto const expires = c->idle_since + keep;
    idle_.push(std::move(c), expires);
    if (idle_.size() == 1)
        expiry_.after(keep);
}

void pool::on_deadline() {
    auto const now = std::chrono::steady_clock::now();
    if (auto const next = idle_.expire(now))
        expiry_.after(std::chrono::ceil<std::chrono::milliseconds>(*next - now));
}

void pool::close() {
    closed_ = true;
    idle_.clear();
    expiry_.clear();
}

void pool::abort() {
    close();
    aborted_ = true;
    for (auto& each : lent_)
        each.cancel();
}

} // namespace secondwind::upstream
