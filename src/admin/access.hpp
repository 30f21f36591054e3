// Who is let in, judged by the head of a request. Pure.
#pragma once

#include "message.hpp"
#include <secondwind/config/config.hpp>

#include <optional>
#include <string_view>

namespace secondwind::admin {

// What a request says of itself and of who asks.
struct introduction {
    std::string_view method;
    std::string_view path; // percent-decoded
    // The values of the fields, as they came; nothing where there is none.
    std::optional<std::string_view> host{};
    std::optional<std::string_view> origin{};
    std::optional<std::string_view> fetch_site{}; // Sec-Fetch-Site, which no script can forge
    std::optional<std::string_view> fetch_mode{}; // Sec-Fetch-Mode
    std::optional<std::string_view> authorization{};
    std::optional<std::string_view> content_type{};
};

struct refusal {
    std::string_view code; // static: what the reply has in error.code
    admin::reply reply;
};

// Nothing for who is let in. `here` is where the listener listens, in the address's usual form.
//
// It is the page in a browser that is distrusted most: any page can make its browser send requests
// to this address, and with a name of its own that resolves to it (DNS rebinding) can read the
// answers. Such a request betrays itself by Host, Origin or Sec-Fetch-Site.
std::optional<refusal> refuse(config::admin const& rules, config::endpoint const& here,
                              introduction const& who);

// Whether a probe asks: an orchestrator's, which knows neither name nor token.
bool is_probe(introduction const& who) noexcept;

} // namespace secondwind::admin
