#include <secondwind/config/address.hpp>
#include <secondwind/host/connection_pool.hpp>
#include <secondwind/net/descriptors.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::host {

namespace {

// A connection that had an answer less than this ago is taken to be alive without a look at it.
constexpr std::chrono::milliseconds surely_alive{50};

} // namespace

net::tls_context_ptr tls_to(config::upstream const& upstream) {
    return upstream.tls
               ? net::tls_context::for_host(upstream.host, upstream.ca_file, upstream.verify)
               : nullptr;
}

void lease::give_back(int keep_alive) {
    pool_->give_back(std::move(held_), keep_alive);
}

connection_pool::connection_pool(net::asio::io_context& io, net::deadline_queue& deadlines,
                                 config::upstream const& upstream,
                                 config::current_settings const& settings)
    : io_{io}, upstream_{upstream}, settings_{settings}, expiry_{deadlines, "host_idle", *this},
      lookup_{io}, tls_{tls_to(upstream)}, authority_{upstream.tls ? config::authority(upstream)
                                                                   : std::string{}} {}

lease connection_pool::lend() {
    // An idle connection that received bytes or has closed is of no use: the bytes answer no
    // request (RFC 9112 section 9.3.1), and a POST that is lost on it cannot be sent again. The
    // event loop may not have seen the input yet, so the socket is asked, unless it was in use a
    // moment ago.
    auto const now = net::recent_time();
    while (auto idle = idle_.take(now)) {
        auto& c = **idle;
        bool const quiet = !c.input_came() && (now - c.idle_since < surely_alive ||
                                               net::probe(c.socket) == net::pending_input::none);
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

// An IPv4 address in an IPv6 one, as a listener for both sees it, is the same as by itself.
bool connection_pool::has_lent(net::endpoint const& local, net::endpoint const& remote) noexcept {
    using net::asio::ip::address_v6;
    auto const same = [](net::endpoint const& one, net::endpoint const& other) {
        auto const in_v6 = [](net::asio::ip::address const& a) {
            return a.is_v6() ? a.to_v6()
                             : net::asio::ip::make_address_v6(net::asio::ip::v4_mapped, a.to_v4());
        };
        return one.port() == other.port() && in_v6(one.address()) == in_v6(other.address());
    };
    return std::ranges::any_of(lent_, [&](connection& each) {
        net::error_code ec;
        auto const& socket = each.socket.tcp();
        return same(socket.local_endpoint(ec), local) && same(socket.remote_endpoint(ec), remote);
    });
}

net::task<failure> connection_pool::connect(connection& c, net::deadline_slot& slot) {
    net::scoped_deadline late{slot, "connect", settings_->timeouts.connect, [&c] { c.cancel(); }};
    failure result;
    if (addresses_.empty())
        result = co_await resolve(c);
    if (!result && c.cancelled)
        result.kind = fault::cancelled;
    if (!result)
        result = co_await reach(c);
    if (!result && tls_)
        result = co_await shake_hands(c);
    // The name may have another address by now; a numeric address costs no lookup.
    if (result.kind == fault::connect || result.kind == fault::tls)
        addresses_.clear();
    if (result.kind == fault::cancelled && late.expired())
        result.kind = fault::connect_timeout;
    connected(result);
    co_return result;
}

net::task<failure> connection_pool::reach(connection& c) {
    // A copy: another connect may look the name up again meanwhile.
    auto const addresses = addresses_;
    failure result;
    result.kind = fault::connect;
    for (auto const& address : addresses) {
        net::close_quietly(c.socket);
        auto const ec = co_await net::connect(c.socket.tcp(), address);
        if (c.cancelled) {
            result.kind = fault::cancelled;
            break;
        }
        result.cause = ec;
        if (net::lacks_descriptors(ec)) {
            result.kind = fault::descriptors;
            break;
        }
        if (!ec) {
            net::forget_writability(c.socket.tcp(), result.cause);
            if (!result.cause)
                net::prepare(c.socket.tcp(), result.cause);
            if (!result.cause)
                result.kind = fault::none;
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
        result.kind = fault::cancelled;
    } else if (result.cause) {
        result.kind = fault::tls;
        result.detail = c.socket.tls()->reason();
    }
    co_return result;
}

// A connect that was given up, because its client left, says nothing about the host; nor does one
// that this process could not begin.
void connection_pool::connected(failure const& result) {
    if (result.kind == fault::cancelled || result.kind == fault::descriptors)
        return;
    if (result)
        ++connect_failures_;
    if (result.kind == fault::tls)
        ++tls_failures_;
    if (watcher_ != nullptr)
        watcher_->on_connect(result);
}

net::task<failure> connection_pool::resolve(connection& c) {
    failure result;
    auto const numeric = net::asio::ip::make_address(upstream_.host, result.cause);
    if (!result.cause) {
        addresses_.assign(1, net::endpoint{numeric, upstream_.port});
        co_return result;
    }
    result.cause = {};
    lookup_.begin(upstream_.host, upstream_.port);
    if (lookup_.running()) {
        net::gate::waiter until{lookup_.ended()};
        c.resolving = &until;
        bool const ended = co_await until;
        c.resolving = nullptr;
        if (!ended) {
            result.kind = fault::cancelled;
            co_return result;
        }
    }
    result.cause = lookup_.failure();
    if (result.cause)
        result.kind = net::lacks_descriptors(result.cause) ? fault::descriptors : fault::resolve;
    else
        addresses_ = lookup_.addresses();
    co_return result;
}

void connection_pool::give_back(connection_ptr c, int keep_alive) {
    using namespace std::chrono;
    milliseconds keep = settings_->timeouts.host_idle;
    if (keep_alive >= 0)
        keep = std::min(keep, milliseconds{(seconds{keep_alive} - 1s)});
    if (closed_ || keep <= 0ms)
        return;
    c->reused = true;
    c->lent.unlink();
    c->idle_since = net::recent_time();
    c->watch();
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
