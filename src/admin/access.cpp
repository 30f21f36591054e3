#include "access.hpp"

#include "base64.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <openssl/crypto.h>

namespace secondwind::admin {

namespace {

// HOST[:PORT] in its two parts; the port is empty where there is none.
struct place {
    std::string_view name;
    std::string_view port;
};

place split(std::string_view text) noexcept {
    auto const behind_name = text.starts_with('[') ? text.find(']') : 0;
    auto const colon = text.find(':', std::min(behind_name, text.size()));
    if (colon == std::string_view::npos)
        return {text, {}};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

// The names by which the listener goes without being told.
bool is_own_name(std::string_view name, config::endpoint const& here) {
    auto own = here;
    own.port = 0;
    if (iequals(name, split(config::to_string(own)).name))
        return true;
    bool const answers_locally = here.address == "0.0.0.0" || here.address == "::" ||
                                 here.address == "::1" || here.address.starts_with("127.");
    return answers_locally &&
           (iequals(name, "localhost") || name == "127.0.0.1" || name == "[::1]");
}

// A field without a port means the one that belongs to the scheme. Of Host the scheme is not known,
// because something in front of us may speak TLS: so it can be either.
bool is_port(std::string_view given, std::string_view wanted, std::string_view scheme) noexcept {
    if (!given.empty())
        return given == wanted;
    return (scheme != "https" && wanted == "80") || (scheme != "http" && wanted == "443");
}

bool is_allowed(std::string_view text, std::string_view scheme, config::admin const& rules,
                config::endpoint const& here) {
    auto const asked = split(text);
    if (is_own_name(asked.name, here) && is_port(asked.port, std::to_string(here.port), scheme))
        return true;
    auto const fits = [&](std::string const& entry) {
        auto const known = split(entry);
        return iequals(asked.name, known.name) &&
               (known.port.empty() || is_port(asked.port, known.port, scheme));
    };
    return std::any_of(rules.allowed_hosts.begin(), rules.allowed_hosts.end(), fits);
}

bool is_allowed_origin(std::string_view origin, config::admin const& rules,
                       config::endpoint const& here) {
    for (std::string_view const scheme : {"http", "https"}) {
        auto const prefix = std::string{scheme} + "://";
        if (origin.starts_with(prefix))
            return is_allowed(origin.substr(prefix.size()), scheme, rules, here);
    }
    return false;
}

// Opening the page from another site's link shows it to the user and to nobody else.
bool is_visit(introduction const& who) noexcept {
    return who.fetch_mode == "navigate" && who.method == "GET" && who.path == "/";
}

// The time that it takes tells the length of the token and nothing of its bytes.
bool is_token(std::string_view given, std::string_view token) noexcept {
    return given.size() == token.size() &&
           CRYPTO_memcmp(given.data(), token.data(), token.size()) == 0;
}

bool has_token(std::string_view authorization, std::string_view token) {
    if (is_token(http::credentials_in(authorization, "Bearer"), token))
        return true;
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

bool is_probe(introduction const& who) noexcept {
    return (who.method == "GET" || who.method == "HEAD") &&
           (who.path == "/livez" || who.path == "/readyz");
}

std::optional<refusal> refuse(config::admin const& rules, config::endpoint const& here,
                              introduction const& who) {
    bool const probe = is_probe(who);
    if (!probe && !(who.host && is_allowed(*who.host, {}, rules, here)))
        return refused(403, "host_not_allowed",
                       "The Host of this request is none by which the admin listener is known. Ask "
                       "by its address and port, or add the name to admin.allowed_hosts.");
    if (who.origin && !is_allowed_origin(*who.origin, rules, here))
        return refused(403, "origin_not_allowed",
                       "The request comes from a page of another origin. If that page is yours, "
                       "add its host to admin.allowed_hosts.");
    if (!probe && who.fetch_site && who.fetch_site != "same-origin" && who.fetch_site != "none" &&
        !is_visit(who))
        return refused(403, "cross_site",
                       "A page of another site has made the browser send this request. Open the "
                       "dashboard itself, and ask from there.");
    if (!probe && !rules.token.empty() &&
        !(who.authorization && has_token(*who.authorization, rules.token))) {
        auto said = refused(401, "unauthorized",
                            "This needs the admin token: send it as \"Authorization: Bearer "
                            "TOKEN\", or as the password where a browser asks for one.");
        said.reply.challenges = {"Bearer", "Basic realm=\"secondwind\""};
        return said;
    }
    if (who.method != "POST")
        return std::nullopt;
    if (!rules.allow_actions)
        return refused(403, "actions_disabled",
                       "Actions are not allowed here. Set admin.allow_actions to true to unload "
                       "models, switch the mode, cancel exchanges and reload.");
    if (!(who.content_type && is_json(*who.content_type)))
        return refused(415, "json_expected",
                       "The body of an action is JSON: send it with \"Content-Type: "
                       "application/json\".");
    return std::nullopt;
}

} // namespace secondwind::admin
