#include "secret.hpp"

#include <algorithm>
#include <cstddef>

namespace secondwind::config {
namespace {

// Far more than any token has, and far less than a head may have.
constexpr std::size_t longest_token = 4096;

} // namespace

std::string token_complaint(std::string_view token) {
    constexpr std::string_view expected = "expected a token of visible ASCII characters, but ";
    auto const refused = [&](std::string_view why) { return std::string{expected}.append(why); };
    if (token.size() > longest_token)
        return refused("it has more than 4096");
    if (token.find(' ') != std::string_view::npos)
        return refused("it has a space");
    auto const is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    if (std::ranges::any_of(token, is_control))
        return refused("it has a control character");
    if (std::ranges::any_of(token, [](char c) { return c < '!' || c > '~'; }))
        return refused("it has another character");
    return {};
}

std::string take_token(std::optional<std::string> const& content, std::string& into) {
    if (!content)
        return "the file that this names cannot be read";
    auto line = std::string_view{*content}.substr(0, content->find('\n'));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    if (line.empty())
        return "the first line of the file that this names is empty";
    if (auto const complaint = token_complaint(line); !complaint.empty())
        return "in the file that this names: " + complaint;
    into = line;
    return {};
}

} // namespace secondwind::config
