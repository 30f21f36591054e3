#include "admission.hpp"
#include <secondwind/policy/client_key.hpp>

#include <chrono>

#include <fmt/format.h>

namespace secondwind::proxy {

namespace {

policy::network network_of(client& client) {
    auto const address = client.address();
    return address.is_v6() ? policy::network_of(address.to_v6().to_bytes())
                           : policy::network_of(address.to_v4().to_bytes());
}

admission refuse_guess(context& shared, client& client) {
    auto const most = shared.settings->clients.max_failures;
    auto const wait =
        shared.failures.note(network_of(client), std::chrono::steady_clock::now(), most);
    if (!wait) {
        shared.traffic.refused(telemetry::bad_key::wrong);
        return {http::refusal{401, "invalid_api_key",
                              "Unknown API key: check it, or ask the operator of this proxy for a "
                              "key (clients.api_keys)."},
                0,
                {}};
    }
    shared.traffic.refused(telemetry::bad_key::too_many);
    auto const seconds = static_cast<int>(wait->count());
    return {http::refusal{429, "too_many_failures",
                          fmt::format("Too many unknown API keys came from this address: correct "
                                      "the key, and try again in {} s.",
                                      seconds)},
            seconds,
            {}};
}

} // namespace

admission admit(context& shared, client& client, http::request_head const& head) {
    auto const& keys = shared.settings->clients.api_keys;
    if (keys.empty() || policy::is_preflight(head.method, head.framing, head.fields))
        return {};
    auto const key = policy::presented_key(head.fields);
    if (!key) {
        shared.traffic.refused(telemetry::bad_key::missing);
        return {http::refusal{401, "invalid_api_key",
                              "An API key is required. Send it as \"Authorization: Bearer "
                              "KEY\" or as X-Api-Key."},
                0,
                {}};
    }
    if (auto const* known = policy::find_client(keys, *key))
        return {std::nullopt, 0, known->name};
    if (auto const* own = policy::find_client(shared.own_keys, *key))
        return {std::nullopt, 0, own->name};
    return refuse_guess(shared, client);
}

} // namespace secondwind::proxy
