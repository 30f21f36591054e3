// Access control: decides by the head of a request whether it is admitted. Pure.
#pragma once

#include "message.hpp"
#include <secondwind/config/config.hpp>

#include <optional>
#include <string_view>

namespace secondwind::admin {

// The parts of the head that decide.
struct request_head {
    std::string_view method;
    std::string_view path; // percent-decoded
    // The values of the headers, unchanged; nothing if the header is missing.
    std::optional<std::string_view> host{};
    std::optional<std::string_view> origin{};
    std::optional<std::string_view> fetch_site{}; // Sec-Fetch-Site; a script cannot forge it
    std::optional<std::string_view> fetch_mode{}; // Sec-Fetch-Mode
    std::optional<std::string_view> authorization{};
    std::optional<std::string_view> content_type{};
};

struct refusal {
    std::string_view code; // static: error.code of the reply
    admin::reply reply;
};

// Nothing if the request is admitted. `local` is the address of the listener, in its usual form.
//
// The main threat is a web page: any page can make its browser send requests to this address, and
// with a host name that resolves to this address (DNS rebinding) it can read the replies. Host,
// Origin or Sec-Fetch-Site of such a request show where it comes from.
std::optional<refusal> check_access(config::admin const& settings, config::endpoint const& local,
                                    request_head const& head);

// A probe of an orchestrator, which knows neither the name nor the token.
bool is_probe(request_head const& head) noexcept;

// The reply to an action while admin.allow_actions is false.
reply actions_disabled();

} // namespace secondwind::admin
