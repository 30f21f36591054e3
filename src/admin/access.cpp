#include "access.hpp"

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/base64.hpp>
#include <secondwind/http/head.hpp>
#include <secondwind/policy/host_names.hpp>

#include <cstddef>
#include <string>
#include <utility>

#include <openssl/crypto.h>

namespace secondwind::admin {

namespace {

// A name of the listener that is one of its pages' origin, whatever name this request uses.
bool is_own_name(std::string_view name, config::endpoint const& local) {
    auto own = local;
    own.port = 0;
    if (iequals(name, policy::split_host(config::to_string(own)).name))
        return true;
    bool const is_on_loopback = local.address == "0.0.0.0" || local.address == "::" ||
                                local.address == "::1" || local.address.starts_with("127.");
    return is_on_loopback && (iequals(name, "localhost") || name == "127.0.0.1" || name == "[::1]");
}

bool is_allowed_host(std::string_view host, config::admin const& settings) {
    return policy::cannot_be_rebound(host) || policy::is_among(host, settings.allowed_hosts, {});
}

// `host` is the one that the request asks for, if it is allowed: the origin of our own pages there.
bool is_allowed_origin(std::string_view origin, std::string_view host,
                       config::admin const& settings, config::endpoint const& local) {
    for (std::string_view const scheme : {"http", "https"}) {
        auto const prefix = std::string{scheme} + "://";
        if (!origin.starts_with(prefix))
            continue;
        auto const text = origin.substr(prefix.size());
        auto const given = policy::split_host(text);
        return (!host.empty() && iequals(text, host)) ||
               (is_own_name(given.name, local) &&
                policy::is_port(given.port, std::to_string(local.port), scheme)) ||
               policy::is_among(text, settings.allowed_hosts, scheme);
    }
    return false;
}

// A link on another site may open the dashboard: only the user sees it.
bool is_visit(request_head const& head) noexcept {
    return head.fetch_mode == "navigate" && head.method == "GET" && head.path == "/";
}

// In constant time: the duration depends only on the length of the token.
bool is_token(std::string_view given, std::string_view token) noexcept {
    return given.size() == token.size() &&
           CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

bool has_token(std::string_view authorization, std::string_view token) {
    if (auto const bearer = http::credentials_in(authorization, "Bearer"); !bearer.empty())
        return is_token(bearer, token);
    auto const pair = decode_base64(http::credentials_in(authorization, "Basic"));
    auto const colon = pair ? pair->find(':') : std::string::npos;
    return colon != std::string::npos && is_token(std::string_view{*pair}.substr(colon + 1), token);
}

bool is_json(std::string_view content_type) noexcept {
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t'))
        type.remove_suffix(1);
    return iequals(type, "application/json");
}

refusal refused(int status, std::string_view code, std::string_view message) {
    return {code, error_reply(status, code, message)};
}

} // namespace

bool is_probe(request_head const& head) noexcept {
    return (head.method == "GET" || head.method == "HEAD") &&
           (head.path == "/livez" || head.path == "/readyz");
}

reply actions_disabled() {
    return error_reply(403, "actions_disabled",
                       "Actions are disabled. Set admin.allow_actions to true to unload models, "
                       "change the recovery mode, cancel requests, reload the configuration and "
                       "let a lab use a host alone.");
}

std::optional<refusal> check_access(config::admin const& settings, config::endpoint const& local,
                                    request_head const& head) {
    bool const probe = is_probe(head);
    bool const asked_for = head.host && is_allowed_host(*head.host, settings);
    if (!probe && !asked_for)
        return refused(
            403, "host_not_allowed",
            "The Host header does not name this admin listener. Use its IP address and port, "
            "or add the name to admin.allowed_hosts.");
    if (head.origin && !is_allowed_origin(*head.origin, asked_for ? *head.host : std::string_view{},
                                          settings, local))
        return refused(403, "origin_not_allowed",
                       "The request comes from a page of another origin. If the page is yours, add "
                       "its host to admin.allowed_hosts.");
    if (!probe && head.fetch_site && head.fetch_site != "same-origin" &&
        head.fetch_site != "none" && !is_visit(head))
        return refused(403, "cross_site",
                       "A page of another site sent this request. Open the dashboard itself, and "
                       "send the request from there.");
    if (!probe && !settings.token.empty() &&
        !(head.authorization && has_token(*head.authorization, settings.token))) {
        auto refusal = refused(401, "unauthorized",
                               "This request needs the admin token. Send it as \"Authorization: "
                               "Bearer TOKEN\", or as the password if a browser asks for one.");
        refusal.reply.challenges = {"Bearer", "Basic realm=\"secondwind\""};
        return refusal;
    }
    if (head.method != "POST")
        return std::nullopt;
    if (!settings.allow_actions)
        return refusal{"actions_disabled", actions_disabled()};
    if (!(head.content_type && is_json(*head.content_type)))
        return refused(415, "json_expected",
                       "The body of an action must be JSON. Send it with \"Content-Type: "
                       "application/json\".");
    return std::nullopt;
}

} // namespace secondwind::admin
