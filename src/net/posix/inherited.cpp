#include <secondwind/net/inherited.hpp>
#include <secondwind/net/systemd.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace secondwind::net {

namespace {

int int_option(int descriptor, int level, int name) noexcept {
    int value = 0;
    socklen_t size = sizeof(value);
    return ::getsockopt(descriptor, level, name, &value, &size) == 0 ? value : 0;
}

std::optional<endpoint> local_of(int descriptor) {
    endpoint at;
    auto size = static_cast<socklen_t>(at.capacity());
    if (::getsockname(descriptor, at.data(), &size) != 0)
        return std::nullopt;
    auto const family = at.data()->sa_family;
    if (family != AF_INET && family != AF_INET6)
        return std::nullopt;
    at.resize(size);
    return at;
}

bool takes_v4_as_well(int descriptor, endpoint const& at) noexcept {
    return at.address().is_v6() && int_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

} // namespace

inherited::inherited(std::vector<int> const& descriptors) {
    for (auto const descriptor : descriptors) {
        auto const at = local_of(descriptor);
        if (at && int_option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 0) {
            all_.push_back({descriptor, *at});
        } else {
            ::close(descriptor);
            ++unusable_;
        }
    }
}

inherited::~inherited() {
    for (auto const& each : all_)
        ::close(each.descriptor);
}

std::optional<int> inherited::take(endpoint const& at) {
    if (at.port() == 0)
        return std::nullopt;
    endpoint const any_of_both{asio::ip::tcp::v6(), at.port()};
    bool const any_v4 = at.address().is_v4() && at.address().is_unspecified();
    auto const found = std::ranges::find_if(all_, [&](one const& each) {
        return each.at == at ||
               (any_v4 && each.at == any_of_both && takes_v4_as_well(each.descriptor, each.at));
    });
    if (found == all_.end())
        return std::nullopt;
    int const ours = ::fcntl(found->descriptor, F_DUPFD_CLOEXEC, 0);
    if (ours < 0)
        return std::nullopt;
    found->taken = true;
    return ours;
}

std::vector<endpoint> inherited::unclaimed() const {
    std::vector<endpoint> left;
    for (auto const& each : all_)
        if (!each.taken)
            left.push_back(each.at);
    return left;
}

inherited& passed_on() {
    static inherited all{systemd::passed_descriptors()};
    return all;
}

std::optional<acceptor> inherited_listener(asio::io_context& io, endpoint const& at) {
    auto const descriptor = passed_on().take(at);
    if (!descriptor)
        return std::nullopt;
    acceptor taken{io};
    error_code ec;
    taken.assign(local_of(*descriptor).value_or(at).protocol(), *descriptor, ec);
    if (ec) {
        ::close(*descriptor);
        throw boost::system::system_error{ec};
    }
    return taken;
}

} // namespace secondwind::net
