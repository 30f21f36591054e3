#include <secondwind/net/inherited.hpp>
#include <secondwind/net/listen.hpp>

#include "native.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <utility>

namespace secondwind::net {

namespace {

// While this lives, the kernel lets these listeners share an address.
class sharing {
public:
    explicit sharing(std::vector<acceptor*> listeners) : listeners_{std::move(listeners)} {
        set(true);
    }
    sharing(sharing const&) = delete;
    sharing& operator=(sharing const&) = delete;
    ~sharing() { set(false); }

private:
    void set(bool on) noexcept {
        for (auto* each : listeners_)
            native::share_address(*each, on);
    }
    std::vector<acceptor*> listeners_;
};

} // namespace

acceptor open_listener(asio::io_context& io, endpoint const& at, bool ipv6_only,
                       std::vector<acceptor*> const& leaving) {
    if (auto passed = inherited_listener(io, at))
        return std::move(*passed);
    acceptor fresh{io};
    fresh.open(at.protocol());
    native::claim_address(fresh);
    if (ipv6_only && at.address().is_v6())
        fresh.set_option(asio::ip::v6_only{true});
    auto all = leaving;
    if (!all.empty())
        all.push_back(&fresh);
    {
        sharing const meanwhile{std::move(all)};
        fresh.bind(at);
        fresh.listen(asio::socket_base::max_listen_connections);
    }
    return fresh;
}

std::vector<socket> last_clients(acceptor& from, asio::io_context& io) {
    std::vector<socket> all;
    error_code ec;
    from.non_blocking(true, ec);
    while (!ec) {
        socket next{io};
        from.accept(next, ec);
        if (!ec)
            all.push_back(std::move(next));
    }
    return all;
}

} // namespace secondwind::net
