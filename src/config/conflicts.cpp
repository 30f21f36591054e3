#include "conflicts.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/units.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>
#include <optional>

namespace secondwind::config {
namespace {

std::optional<conflict> in_limits(limits const& l) {
    if (l.replay_buffer_total >= l.replay_buffer)
        return std::nullopt;
    return conflict{{"limits.replay_buffer_total", "limits.replay_buffer"},
                    "expected limits.replay_buffer_total (" + format_size(l.replay_buffer_total) +
                        ") to be no smaller than limits.replay_buffer (" +
                        format_size(l.replay_buffer) + ")"};
}

std::optional<conflict> in_default_upstream(settings const& s) {
    std::vector<std::string> names;
    std::string known;
    for (auto const& u : s.upstreams) {
        names.push_back(u.name);
        known += (known.empty() ? "" : ", ") + in_quotes(u.name);
    }
    if (s.default_upstream.empty() || std::ranges::count(names, s.default_upstream) > 0)
        return std::nullopt;
    auto complaint = "no upstream is named " + in_quotes(s.default_upstream) + ": ";
    if (auto const meant = nearest(s.default_upstream, names))
        complaint += "did you mean " + in_quotes(*meant) + "? ";
    return conflict{{"default_upstream", "upstreams"}, complaint + "There is " + known};
}

std::optional<conflict> in_tokens(settings const& s) {
    for (auto const& u : s.upstreams)
        if (u.use_token == token_use::always && u.api_token.empty())
            return conflict{{"upstreams", "upstreams[].api_token"},
                            "upstream " + in_quotes(u.name) +
                                R"( has no api_token that "use_token" could always use: set one )"
                                "(or SECONDWIND_UPSTREAM_API_TOKEN_FILE), or leave it \"keyed\""};
    return std::nullopt;
}

// `certificate_key` and `key_key` are the names of the two settings.
std::optional<conflict> in_certificate(certificate const& c, std::string_view certificate_key,
                                       std::string_view key_key) {
    if (c.certificate_file.empty() == c.key_file.empty())
        return std::nullopt;
    bool const has_key = c.certificate_file.empty();
    auto const given = has_key ? key_key : certificate_key;
    auto const missing = has_key ? certificate_key : key_key;
    return conflict{{given},
                    std::string{missing}.append(" is missing: TLS needs both files, or none")};
}

// A listener, its name in messages, and the key that sets it.
struct listener {
    endpoint at;
    std::string name;
    std::string_view key;
};

std::vector<listener> client_listeners(settings const& s) {
    std::vector<listener> all{{s.listen, "listen", "listen"}};
    for (auto const& u : s.upstreams)
        if (u.listen)
            all.push_back({*u.listen, "the listen of upstream " + in_quotes(u.name), "upstreams"});
    return all;
}

std::vector<conflict> in_listeners(settings const& s) {
    std::vector<conflict> found;
    auto const all = client_listeners(s);
    for (auto one = all.begin(); one != all.end(); ++one) {
        auto const at = [one](listener const& other) { return is_same_place(other.at, one->at); };
        auto const first = std::find_if(all.begin(), one, at);
        if (first != one)
            found.push_back({{one->key, first->key},
                             to_string(one->at) + " is given twice, as " + first->name +
                                 " and as " + one->name + ": give each listener its own port"});
    }
    return found;
}

// `key` sets the listener for `users` of the admin interface. Nobody else connects there.
std::optional<conflict> with_others(std::optional<endpoint> const& at, std::string_view users,
                                    std::string_view key, std::string_view others,
                                    listener const& other) {
    if (!at || !is_same_place(*at, other.at))
        return std::nullopt;
    auto complaint = std::string{others}.append(" and ").append(users);
    complaint.append(" cannot both connect to ").append(to_string(*at)).append(": give ");
    complaint.append(other.name).append(" and ").append(key).append(" different ports, or set ");
    return conflict{{key, other.key}, complaint.append(key).append(" to \"off\"")};
}

void in_admin_listeners(settings const& s, std::vector<conflict>& into) {
    constexpr std::string_view listen = "admin.listen";
    constexpr std::string_view probe_listen = "admin.probe_listen";
    auto const add = [&into](std::optional<conflict> const& found) {
        if (found)
            into.push_back(*found);
    };
    for (auto const& each : client_listeners(s)) {
        add(with_others(s.admin.listen, "operators", listen, "clients", each));
        add(with_others(s.admin.probe_listen, "probes", probe_listen, "clients", each));
    }
    if (s.admin.listen)
        add(with_others(s.admin.probe_listen, "probes", probe_listen, "operators",
                        {*s.admin.listen, std::string{listen}, listen}));
}

std::optional<conflict> in_admin(admin const& a) {
    if (!a.listen || !a.token.empty() || is_loopback(*a.listen))
        return std::nullopt;
    return conflict{{"admin.listen"},
                    to_string(*a.listen) +
                        " is not a loopback address, so it needs a token: set admin.token "
                        "(or SECONDWIND_ADMIN_TOKEN_FILE), or listen on 127.0.0.1"};
}

} // namespace

std::vector<conflict> find_conflicts(settings const& all) {
    auto found = in_listeners(all);
    in_admin_listeners(all, found);
    for (auto& one :
         {in_limits(all.limits), in_default_upstream(all), in_tokens(all),
          in_certificate(all.tls, "tls.certificate_file", "tls.key_file"),
          in_certificate(all.admin.certificate, "admin.certificate_file", "admin.key_file"),
          in_admin(all.admin)})
        if (one)
            found.push_back(*one);
    return found;
}

bool routes_by_model(settings const& all) noexcept {
    bool const automatic =
        all.routing.mode == routing_mode::automatic && all.default_upstream.empty();
    return all.upstreams.size() > 1 && (automatic || all.routing.mode == routing_mode::model);
}

std::string mixed_tokens(settings const& all) {
    std::string names;
    if (!routes_by_model(all) || !all.clients.api_keys.empty())
        return names;
    std::string_view last;
    bool differ = false;
    for (auto const& u : all.upstreams) {
        if (u.api_token.empty() || u.use_token == token_use::always)
            continue;
        names.append(names.empty() ? "" : ", ").append(u.name);
        differ = differ || (!last.empty() && last != u.api_token);
        last = u.api_token;
    }
    return differ ? names : std::string{};
}

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
