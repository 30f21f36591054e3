#include <secondwind/config/address.hpp>
#include <secondwind/host/connection_pool.hpp>

#include <boost/asio/ip/address.hpp>

#include <utility>

namespace secondwind::host {

namespace {

// So long after its last answer a connection is taken to be as it was.
constexpr std::chrono::milliseconds at_work{50};

} // namespace

net::tls_context_ptr tls_to(config::upstream const& where) {
    return where.tls ? net::tls_context::for_host(where.host, where.ca_file, where.verify)
                     : nullptr;
}

void lease::give_back(int keep_alive) {
    pool_->give_back(std::move(held_), keep_alive);
}

connection_pool::connection_pool(net::asio::io_context& io, net::deadline_queue& deadlines,
                                 config::upstream const& where, config::timeouts const& timeouts)
    : io_{io}, where_{where}, timeouts_{timeouts}, expiry_{deadlines, "host_idle", *this},
      lookup_{io}, tls_{tls_to(where)}, authority_{where.tls ? config::authority(where)
                                                             : std::string{}} {}

lease connection_pool::lend() {
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

lease connection_pool::lend_new() {
    auto fresh = make_connection(io_.get_executor());
    fresh->cancelled = aborted_;
    lent_.push_back(*fresh);
    return {*this, std::move(fresh)};
}

net::task<failure> connection_pool::connect(connection& c, net::deadline_slot& slot) {
    net::scoped_deadline late{slot, "connect", timeouts_.connect, [&c] { c.cancel(); }};
    failure result;
    if (addresses_.empty())
        result = co_await resolve(c);
    if (!result && c.cancelled)
        result.what = fault::cancelled;
    if (!result)
        result = co_await reach(c);
    if (!result && tls_)
        result = co_await shake_hands(c);
    // A name may have moved; a numeric address resolves to itself at no cost.
    if (result.what == fault::connect || result.what == fault::tls)
        addresses_.clear();
    if (result.what == fault::cancelled && late.expired())
        result.what = fault::connect_timeout;
    connected(result);
    co_return result;
}

net::task<failure> connection_pool::reach(connection& c) {
    // A copy: another connect may resolve anew meanwhile.
    auto const addresses = addresses_;
    failure result;
    result.what = fault::connect;
    for (auto const& address : addresses) {
        net::close_quietly(c.socket);
        auto const ec = co_await net::connect(c.socket.tcp(), address);
        if (c.cancelled) {
            result.what = fault::cancelled;
            break;
        }
        result.cause = ec;
        if (!ec) {
            net::forget_writability(c.socket.tcp(), result.cause);
            if (!result.cause)
                net::prepare(c.socket.tcp(), result.cause);
            if (!result.cause)
                result.what = fault::none;
            break;
        }
    }
    co_return result;
}

net::task<failure> connection_pool::shake_hands(connection& c) {
    failure result;
    c.socket.begin_tls(tls_->session(c.socket.tcp()));
    net::completion shaking{[&c](auto handler) { c.socket.async_handshake(std::move(handler)); }};
    result.cause = co_await shaking;
    if (c.cancelled) {
        result.what = fault::cancelled;
    } else if (result.cause) {
        result.what = fault::tls;
        result.detail = c.socket.tls()->why();
    }
    co_return result;
}

// A connect that was given up, because its client left, says nothing of the host.
void connection_pool::connected(failure const& how) {
    if (how.what == fault::cancelled)
        return;
    if (how)
        ++connect_failures_;
    if (how.what == fault::tls)
        ++tls_failures_;
    if (watcher_ != nullptr)
        watcher_->on_connect(how);
}

net::task<failure> connection_pool::resolve(connection& c) {
    failure result;
    auto const numeric = net::asio::ip::make_address(where_.host, result.cause);
    if (!result.cause) {
        addresses_.assign(1, net::endpoint{numeric, where_.port});
        co_return result;
    }
    result.cause = {};
    lookup_.begin(where_.host, where_.port);
    if (lookup_.running()) {
        net::gate::waiter until{lookup_.ended()};
        c.resolving = &until;
        bool const ended = co_await until;
        c.resolving = nullptr;
        if (!ended) {
            result.what = fault::cancelled;
            co_return result;
        }
    }
    result.cause = lookup_.failure();
    if (result.cause)
        result.what = fault::resolve;
    else
        addresses_ = lookup_.addresses();
    co_return result;
}

void connection_pool::give_back(connection_ptr c, int keep_alive) {
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

void connection_pool::on_timer() {
    auto const now = std::chrono::steady_clock::now();
    if (auto const next = idle_.expire(now))
        expiry_.after(std::chrono::ceil<std::chrono::milliseconds>(*next - now));
}

void connection_pool::close() {
    closed_ = true;
    idle_.clear();
    expiry_.clear();
}

void connection_pool::abort() {
    close();
    aborted_ = true;
    for (auto& each : lent_)
        each.cancel();
}

} // namespace secondwind::host
