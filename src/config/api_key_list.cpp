#include "lists.hpp"

#include <secondwind/config/address.hpp>

#include <algorithm>

namespace secondwind::config {
namespace {

constexpr std::string_view hash_prefix = "sha256:";
constexpr std::size_t hash_digits = 64;
std::vector<std::string> const api_key_members{"name", "hash"};

// What stands in a hash's place may be the key itself, so that no message shows it.
constexpr auto hash_complaint =
    R"(expected "sha256:" and 64 hexadecimal digits, as secondwind key new prints them)";

// In lower case, as hashes are compared; nothing where it is none.
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
    if (node->what != json_node::kind::string)
        source.fail(node->offset, path + "." + name + ": expected a string");
    return node->text;
}

api_key read_api_key(json_node const& item, std::string const& path, json_source const& source) {
    // A bare text may be a key in a wrong place, which no message shows.
    if (item.what != json_node::kind::object)
        source.fail(item.offset, path + R"(: expected a key as {"name": ..., "hash": ...})");
    source.expect_object(item, path, "a key", api_key_members);
    api_key k{api_key_text(item, "name", path, source), {}};
    if (!is_name(k.name))
        source.fail(member_of(item, "name")->offset,
                    path + ".name: " + expected_but_got(name_form, k.name));
    k.hash = read_hash(api_key_text(item, "hash", path, source));
    if (k.hash.empty())
        source.fail(member_of(item, "hash")->offset, path + ".hash: " + hash_complaint);
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

// A hash tells nobody the key, but nobody needs it either.
std::string show_api_keys(std::vector<api_key> const& all) {
    std::string text;
    for (auto const& k : all)
        text += (text.empty() ? "" : ",") + k.name + "=***";
    return text;
}

} // namespace

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
