#include "key_makers.hpp"

#include "secret.hpp"

#include <charconv>

namespace secondwind::config {
namespace {

// A token that can be guessed protects nothing.
constexpr std::size_t shortest_admin_token = 16;

std::string admin_token_complaint(std::string_view token) {
    if (auto complaint = token_complaint(token); !complaint.empty())
        return complaint;
    if (token.size() >= shortest_admin_token)
        return {};
    return "expected a token of at least 16 characters, but it has fewer: make one with "
           "openssl rand -hex 16";
}

// How a secret is shown.
std::string masked(bool given) {
    return given ? "***" : "";
}

// Adding or removing an upstream without a token changes no token.
bool have_same_tokens(settings const& one, settings const& other) {
    auto const tokens_of = [](settings const& s) {
        std::vector<std::pair<std::string, std::string>> all;
        for (auto const& u : s.upstreams)
            if (!u.api_token.empty())
                all.emplace_back(u.name, u.api_token);
        return all;
    };
    return tokens_of(one) == tokens_of(other);
}

// Except for their tokens, which have a separate key.
bool have_same_upstreams(settings const& one, settings const& other) {
    auto mine = one.upstreams;
    auto theirs = other.upstreams;
    for (auto* all : {&mine, &theirs})
        for (auto& u : *all)
            u.api_token.clear();
    return mine == theirs;
}

} // namespace

std::string variable_of(std::string_view name) {
    std::string variable = "SECONDWIND_";
    for (char const c : name)
        variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '.' ? '_' : c;
    return variable;
}

std::optional<std::uint64_t> parse_count(std::string_view text) noexcept {
    std::uint64_t value = 0;
    auto const* end = text.data() + text.size();
    auto const [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
}

key listen_key() {
    std::string const expected = "ADDRESS:PORT with a numeric address, as 127.0.0.1:1235";
    auto parse = [](settings& s, std::string_view text) {
        auto parsed = parse_endpoint(text);
        if (parsed)
            s.listen = std::move(*parsed);
        return parsed.has_value();
    };
    return {.name = "listen",
            .form = json_form::string_or_number,
            .expected = expected,
            .environment = variable_of("listen"),
            .assign = assign_with(expected, parse),
            .note = endpoint_note,
            .show = [](settings const& s) { return to_string(s.listen); }};
}

key default_upstream_key() {
    std::string const expected = "the name of an upstream, or an empty string for the first";
    auto parse = [](settings& s, std::string_view text) {
        bool const fits = text.empty() || is_name(text);
        if (fits)
            s.default_upstream = text;
        return fits;
    };
    return {.name = "default_upstream",
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of("default_upstream"),
            .assign = assign_with(expected, parse),
            .show = [](settings const& s) { return s.default_upstream; }};
}

// The variable usually names one upstream, so it is singular, like the flag.
key upstreams_key() {
    auto k = list_key(
        "upstreams", [](auto& s) -> auto& { return s.upstreams; }, upstream_list(), "upstream");
    k.note = upstreams_note;
    k.same = have_same_upstreams;
    return k;
}

key api_keys_key() {
    auto k = list_key("clients.api_keys", value_at(&settings::clients, &clients::api_keys),
                      api_key_list(), "clients.api_keys");
    k.same = [](settings const& one, settings const& other) {
        return one.clients.api_keys == other.clients.api_keys;
    };
    return k;
}

// Every upstream without a token gets this one.
key api_token_key() {
    auto assign = [](settings& s, std::string_view text) {
        auto complaint = token_complaint(text);
        for (auto& u : s.upstreams)
            if (complaint.empty() && u.api_token.empty())
                u.api_token = text;
        return complaint;
    };
    auto show = [](settings const& s) {
        return masked(std::ranges::any_of(s.upstreams,
                                          [](upstream const& u) { return !u.api_token.empty(); }));
    };
    return {.name = "upstreams[].api_token",
            .form = json_form::member,
            .expected = "an LM Studio API token",
            .environment = variable_of("upstream.api_token"),
            .assign = assign,
            .show = show,
            .secret = true,
            .same = have_same_tokens};
}

key optional_listen_key(std::string_view name, std::optional<endpoint> admin::*listener,
                        std::string_view example) {
    constexpr std::string_view none = "off";
    auto const expected =
        std::string{"ADDRESS:PORT with a numeric address, as "}.append(example).append(
            ", or \"off\"");
    auto parse = [none, listener](settings& s, std::string_view text) {
        auto parsed = parse_endpoint(text);
        bool const fits = parsed || text == none;
        if (fits)
            s.admin.*listener = std::move(parsed);
        return fits;
    };
    auto show = [none, listener](settings const& s) {
        auto const& at = s.admin.*listener;
        return at ? to_string(*at) : std::string{none};
    };
    return {.name = std::string{name},
            .form = json_form::string_or_number,
            .expected = expected,
            .environment = variable_of(name),
            .assign = assign_with(expected, parse),
            .note = endpoint_note,
            .show = show};
}

key admin_token_key() {
    auto assign = [](settings& s, std::string_view text) {
        auto complaint = text.empty() ? std::string{} : admin_token_complaint(text);
        if (complaint.empty())
            s.admin.token = text;
        return complaint;
    };
    return {.name = "admin.token",
            .form = json_form::string,
            .expected = "a token of at least 16 visible ASCII characters",
            .environment = variable_of("admin.token"),
            .assign = assign,
            .show = [](settings const& s) { return masked(!s.admin.token.empty()); },
            .secret = true,
            .same = [](settings const& one,
                       settings const& other) { return one.admin.token == other.admin.token; }};
}

key with_flag(key k, std::string_view flag, std::string_view operand, std::string_view help) {
    k.flag = flag;
    k.operand = operand;
    k.help = help;
    return k;
}

} // namespace secondwind::config
