#include <secondwind/config/exposure.hpp>

#include <secondwind/config/address.hpp>

namespace secondwind::config {

std::string open_to_network(settings const& all) {
    std::string open;
    if (!all.clients.api_keys.empty())
        return open;
    auto const note = [&open](endpoint const& at) {
        if (!is_loopback(at))
            open.append(open.empty() ? "" : ", ").append(to_string(at));
    };
    note(all.listen);
    for (auto const& u : all.upstreams)
        if (u.listen)
            note(*u.listen);
    return open;
}

} // namespace secondwind::config
