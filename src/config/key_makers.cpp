#include "key_makers.hpp"

#include "secret.hpp"

#include <charconv>

namespace secondwind::config {

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
            .form = json_form::string,
            .expected = expected,
            .environment = variable_of("listen"),
            .assign = assign_with(expected, parse),
            .show = [](settings const& s) { return to_string(s.listen); }};
}

// Every upstream without a token of its own gets this one.
key api_token_key() {
    auto assign = [](settings& s, std::string_view text) {
        auto complaint = token_complaint(text);
        for (auto& u : s.upstreams)
            if (complaint.empty() && u.api_token.empty())
                u.api_token = text;
        return complaint;
    };
    auto show = [](settings const& s) {
        bool const given = std::ranges::any_of(
            s.upstreams, [](upstream const& u) { return !u.api_token.empty(); });
        return std::string{given ? "***" : ""};
    };
    return {.name = "upstreams[].api_token",
            .form = json_form::member,
            .expected = "a token that LM Studio takes",
            .environment = variable_of("upstream.api_token"),
            .assign = assign,
            .show = show,
            .secret = true};
}

key with_flag(key k, std::string_view flag, std::string_view operand, std::string_view help) {
    k.flag = flag;
    k.operand = operand;
    k.help = help;
    return k;
}

} // namespace secondwind::config
