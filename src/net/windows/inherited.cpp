#include <secondwind/net/inherited.hpp>

namespace secondwind::net {

inherited::inherited(std::vector<int> const& descriptors) : unusable_{descriptors.size()} {}

inherited::~inherited() = default;

std::optional<int> inherited::take(endpoint const& /*at*/) {
    return std::nullopt;
}

std::vector<endpoint> inherited::unclaimed() const {
    return {};
}

inherited& passed_on() {
    static inherited none{{}};
    return none;
}

std::optional<acceptor> inherited_listener(asio::io_context& /*io*/, endpoint const& /*at*/) {
    return std::nullopt;
}

} // namespace secondwind::net
