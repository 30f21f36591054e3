#include "ws_clients.hpp"

namespace secondwind::emulator {

std::optional<std::string> ws_clients::admit(ws_credentials const& who) {
    auto const [at, fresh] = known_.try_emplace(who.identifier, entry{who.passkey, 0});
    if (!fresh && at->second.passkey != who.passkey)
        return "Failed to validate client: Invalid client passkey for client \"" + who.identifier +
               "\"";
    ++at->second.connections;
    return std::nullopt;
}

void ws_clients::release(std::string const& identifier) {
    auto const at = known_.find(identifier);
    if (at != known_.end() && --at->second.connections == 0)
        known_.erase(at);
}

} // namespace secondwind::emulator
