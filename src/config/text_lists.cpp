#include "lists.hpp"

#include <secondwind/config/address.hpp>

#include <algorithm>

namespace secondwind::config {
namespace {

constexpr std::string_view expected_pattern =
    R"(a model's key, or a pattern with "*" and "?", as "qwen/*")";
constexpr std::string_view expected_host =
    "a host's name with or without a port, as proxy.lan or proxy.lan:9235";

bool is_control(char c) noexcept {
    return (c >= 0 && c < ' ') || c == 0x7f;
}

// What is wrong with one entry, as a clause; nothing if it can be used.
using complaint_function = std::string (*)(std::string_view entry);

// A pattern that can match no model protects nobody, and whoever wrote it would find out too late.
std::string pattern_complaint(std::string_view pattern) {
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

// A host that no client can name lets nobody in.
std::string host_complaint(std::string_view host) {
    if (host.empty())
        return std::string{"an empty entry: expected "}.append(expected_host);
    return is_host_with_or_without_port(host) ? std::string{}
                                              : expected_but_got(expected_host, host);
}

template<complaint_function Complaint>
std::string read_entry(json_node const& item, std::string const& path, json_source const& source) {
    if (item.what != json_node::kind::string)
        source.fail(item.offset, path + ": expected a string, but got " + shown(item));
    if (auto const complaint = Complaint(item.text); !complaint.empty())
        source.fail(item.offset, path + ": " + complaint);
    return item.text;
}

std::string check_entries(std::vector<std::string> const& /*all*/) {
    return {};
}

template<complaint_function Complaint>
std::string read_entries(std::string_view text, std::vector<std::string>& into) {
    std::vector<std::string> all;
    for (bool more = !text.empty(); more;) {
        auto const comma = text.find(',');
        auto const entry = text.substr(0, comma);
        if (auto complaint = Complaint(entry); !complaint.empty())
            return complaint;
        all.emplace_back(entry);
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    into = std::move(all);
    return {};
}

std::string show_entries(std::vector<std::string> const& all) {
    std::string text;
    for (auto const& entry : all)
        text += (text.empty() ? "" : ",") + entry;
    return text;
}

template<complaint_function Complaint>
list_kind<std::string> list_of(std::string_view expected) {
    return {.expected = std::string{expected},
            .members = {},
            .read_item = read_entry<Complaint>,
            .check = check_entries,
            .read_text = read_entries<Complaint>,
            .show = show_entries};
}

} // namespace

list_kind<std::string> const& pinned_list() {
    static auto const kind = list_of<pattern_complaint>(
        R"(a list of models' keys or patterns, as ["qwen/*", "nomic-embed"])");
    return kind;
}

list_kind<std::string> const& allowed_host_list() {
    static auto const kind =
        list_of<host_complaint>(R"(a list of hosts' names, as ["proxy.lan", "proxy.lan:9235"])");
    return kind;
}

} // namespace secondwind::config
