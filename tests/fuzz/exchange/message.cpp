#include "plain_http.hpp"

#include <algorithm>
#include <array>

namespace secondwind::fuzz {

namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

} // namespace

void require(bool holds, char const* what) {
    if (!holds)
        throw broken_promise{what};
}

std::string_view trim(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t");
    if (first == npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_word(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

std::size_t message::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [name](auto const& f) { return same_word(f.first, name); }));
}

std::string_view message::value(std::string_view name) const {
    auto const found = std::find_if(fields.begin(), fields.end(),
                                    [name](auto const& f) { return same_word(f.first, name); });
    return found == fields.end() ? std::string_view{} : found->second;
}

bool message::lists(std::string_view name, std::string_view element) const {
    for (auto const& [each, value] : fields) {
        std::string_view rest = value;
        while (same_word(each, name) && !rest.empty()) {
            auto const comma = rest.find(',');
            if (same_word(trim(rest.substr(0, comma)), element))
                return true;
            rest.remove_prefix(comma == npos ? rest.size() : comma + 1);
        }
    }
    return false;
}

bool message::persists() const {
    return !lists("Connection", "close") && (!http10 || lists("Connection", "keep-alive"));
}

bool message::hop_by_hop(std::string_view name) const {
    static constexpr std::array<std::string_view, 10> own{
        "Connection", "Keep-Alive",    "Proxy-Connection", "Proxy-Authenticate",
        "TE",         "Trailer",       "Upgrade",          "Proxy-Authorization",
        "Expect",     "HTTP2-Settings"};
    return std::any_of(own.begin(), own.end(), [name](auto each) { return same_word(each, name); });
}

bool passed_on(message const& in, message const& out, std::string_view own) {
    auto const framed = [](std::string_view name) {
        return same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding");
    };
    auto const stays = [&](auto const& f) {
        return in.hop_by_hop(f.first) || in.named(f.first) || framed(f.first);
    };
    auto next = in.fields.begin();
    for (auto const& line : out.fields) {
        if (framed(line.first) || out.hop_by_hop(line.first))
            continue;
        // What is left out on the way must be one connection's own.
        auto const found = std::find(next, in.fields.end(), line);
        if (found == in.fields.end() && !own.empty() && line.first.starts_with(own))
            continue;
        if (found == in.fields.end() || !std::all_of(next, found, stays))
            return false;
        next = found + 1;
    }
    return std::all_of(next, in.fields.end(), stays);
}

} // namespace secondwind::fuzz
