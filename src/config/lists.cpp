#include "lists.hpp"

#include <secondwind/config/address.hpp>

#include <algorithm>

namespace secondwind::config {
namespace {

constexpr std::string_view expected_pattern =
    R"(a model key, or a pattern with "*" and "?", as "qwen/*")";
constexpr std::string_view expected_host =
    "a host name with or without a port, as proxy.lan or proxy.lan:9235";

bool is_control(char c) noexcept {
    return (c >= 0 && c < ' ') || c == 0x7f;
}

// A complaint about one entry, as a clause; nothing if it is valid.
using complaint_function = std::string (*)(std::string_view entry);

// A pattern that can match no model has no effect, and its author would notice too late.
std::string pattern_complaint(std::string_view pattern) {
    if (pattern.empty())
        return std::string{"an empty entry: expected "}.append(expected_pattern);
    if (pattern.front() == ' ' || pattern.back() == ' ')
        return "a leading or trailing space: " + expected_but_got(expected_pattern, pattern);
    if (std::ranges::any_of(pattern, is_control))
        return "a control character: " + expected_but_got(expected_pattern, pattern);
    // The form for the environment cannot express it, and "?" matches it as well.
    if (pattern.find(',') != std::string_view::npos)
        return "commas separate entries: " + expected_but_got(expected_pattern, pattern);
    return {};
}

// A host name that no client can send would admit no client.
std::string host_complaint(std::string_view host) {
    if (host.empty())
        return std::string{"an empty entry: expected "}.append(expected_host);
    return is_host_with_or_without_port(host) ? std::string{}
                                              : expected_but_got(expected_host, host);
}

std::string field_complaint(std::string_view name) {
    return is_name(name) ? std::string{}
                         : expected_but_got("the name of a header field, as X-Session-Id", name);
}

template<complaint_function Complaint>
std::string read_entry(json_node const& item, std::string const& path, json_source const& source) {
    if (item.type != json_node::kind::string)
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

constexpr std::string_view hash_prefix = "sha256:";
constexpr std::size_t hash_digits = 64;
std::vector<std::string> const api_key_members{"name", "hash"};

// The text in place of a hash may be the key itself, so no message shows it.
constexpr auto hash_complaint =
    R"(expected "sha256:" and 64 hexadecimal digits, as secondwind key new prints them)";

// In lower case, for comparison; nothing if it is not a hash.
std::string read_hash(std::string_view text) {
    if (!text.starts_with(hash_prefix) || text.size() != hash_prefix.size() + hash_digits)
        return {};
    std::string hash{text};
    for (auto& c : hash)
        c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    auto const rest = std::string_view{hash}.substr(hash_prefix.size());
    bool const hexadecimal = rest.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return hexadecimal ? hash : std::string{};
}

std::string const& api_key_text(json_node const& item, std::string const& name,
                                std::string const& path, json_source const& source) {
    auto const* node = member_of(item, name);
    if (node == nullptr)
        source.fail(item.offset, path + ": expected a \"" + name + "\" in this key");
    if (node->type != json_node::kind::string)
        source.fail(node->offset, path + "." + name + ": expected a string");
    return node->text;
}

api_key read_api_key(json_node const& item, std::string const& path, json_source const& source) {
    // A bare text may be a key in the wrong place, so no message shows it.
    if (item.type != json_node::kind::object)
        source.fail(item.offset, path + R"(: expected a key as {"name": ..., "hash": ...})");
    source.expect_object(item, path, "a key", api_key_members);
    api_key k;
    source.attempt([&] {
        k.name = api_key_text(item, "name", path, source);
        if (!is_name(k.name))
            source.fail(member_of(item, "name")->offset,
                        path + ".name: " + expected_but_got(name_form, k.name));
    });
    source.attempt([&] {
        k.hash = read_hash(api_key_text(item, "hash", path, source));
        if (k.hash.empty())
            source.fail(member_of(item, "hash")->offset, path + ".hash: " + hash_complaint);
    });
    return k;
}

std::string check_api_keys(std::vector<api_key> const& all) {
    for (auto one = all.begin(); one != all.end(); ++one) {
        if (std::ranges::find(all.begin(), one, one->name, &api_key::name) != one)
            return "the key name \"" + one->name + "\" is used twice";
        auto const same = std::ranges::find(all.begin(), one, one->hash, &api_key::hash);
        if (same != one)
            return "\"" + same->name + "\" and \"" + one->name +
                   "\" are the same key: make one for each client";
    }
    return {};
}

std::string read_api_keys(std::string_view text, std::vector<api_key>& into) {
    std::vector<api_key> all;
    for (bool more = !text.empty(); more;) {
        auto const comma = text.find(',');
        auto const entry = text.substr(0, comma);
        auto const equals = entry.find('=');
        if (equals == std::string_view::npos || !is_name(entry.substr(0, equals)))
            return "expected NAME=HASH with " + std::string{name_form};
        all.push_back({std::string{entry.substr(0, equals)}, read_hash(entry.substr(equals + 1))});
        if (all.back().hash.empty())
            return all.back().name + ": " + hash_complaint;
        more = comma != std::string_view::npos;
        text.remove_prefix(more ? comma + 1 : text.size());
    }
    if (auto complaint = check_api_keys(all); !complaint.empty())
        return complaint;
    into = std::move(all);
    return {};
}

// A hash does not reveal the key, but there is no need to show it.
std::string show_api_keys(std::vector<api_key> const& all) {
    std::string text;
    for (auto const& k : all)
        text += (text.empty() ? "" : ",") + k.name + "=***";
    return text;
}

} // namespace

list_kind<std::string> const& model_list() {
    static auto const kind = list_of<pattern_complaint>(
        R"(a list of model keys or patterns, as ["qwen/*", "nomic-embed"])");
    return kind;
}

list_kind<std::string> const& allowed_host_list() {
    static auto const kind =
        list_of<host_complaint>(R"(a list of host names, as ["proxy.lan", "proxy.lan:9235"])");
    return kind;
}

list_kind<std::string> const& header_field_list() {
    static auto const kind =
        list_of<field_complaint>(R"(a list of header fields, as ["X-Session-Id"])");
    return kind;
}

list_kind<api_key> const& api_key_list() {
    static list_kind<api_key> const kind{
        .expected = R"(a list as [{"name": "laptop", "hash": "sha256:..."}])",
        .members = api_key_members,
        .read_item = read_api_key,
        .check = check_api_keys,
        .read_text = read_api_keys,
        .show = show_api_keys};
    return kind;
}

} // namespace secondwind::config
