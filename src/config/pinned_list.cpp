#include "lists.hpp"

#include <secondwind/config/address.hpp>

#include <algorithm>

namespace secondwind::config {
namespace {

constexpr std::string_view expected_pattern =
    R"(a model's key, or a pattern with "*" and "?", as "qwen/*")";

bool is_control(char c) noexcept {
    return (c >= 0 && c < ' ') || c == 0x7f;
}

// A pattern that can match no model protects nobody, and whoever wrote it would find out too late.
std::string complaint_about(std::string_view pattern) {
    if (pattern.empty())
        return std::string{"an empty entry: expected "}.append(expected_pattern);
    if (pattern.front() == ' ' || pattern.back() == ' ')
        return "a space at an end: " + expected_but_got(expected_pattern, pattern);
    if (std::ranges::any_of(pattern, is_control))
        return "a control character: " + expected_but_got(expected_pattern, pattern);
    // The environment's form has no way to write it, and "?" stands for it as well.
    if (pattern.find(',') != std::string_view::npos)
        return "a comma separates entries: " + expected_but_got(expected_pattern, pattern);
    return {};
}

std::string read_pattern(json_node const& item, std::string const& path,
                         json_source const& source) {
    if (item.what != json_node::kind::string)
        source.fail(item.offset, path + ": expected " + std::string{expected_pattern} +
                                     ", but got " + shown(item));
    if (auto const complaint = complaint_about(item.text); !complaint.empty())
        source.fail(item.offset, path + ": " + complaint);
    return item.text;
}

std::string check(std::vector<std::string> const& /*all*/) {
    return {};
}

std::string read_text(std::string_view text, std::vector<std::string>& into) {
    std::vector<std::string> all;
    for (bool more = !text.empty(); more;) {
        auto const comma = text.find(',');
        auto const pattern = text.substr(0, comma);
        if (auto complaint = complaint_about(pattern); !complaint.empty())
            return complaint;
        all.emplace_back(pattern);
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    into = std::move(all);
    return {};
}

std::string show(std::vector<std::string> const& all) {
    std::string text;
    for (auto const& pattern : all)
        text += (text.empty() ? "" : ",") + pattern;
    return text;
}

} // namespace

list_kind<std::string> const& pinned_list() {
    static list_kind<std::string> const kind{
        .expected = R"(a list of models' keys or patterns, as ["qwen/*", "nomic-embed"])",
        .members = {},
        .read_item = read_pattern,
        .check = check,
        .read_text = read_text,
        .show = show};
    return kind;
}

} // namespace secondwind::config
