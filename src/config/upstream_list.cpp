#include "lists.hpp"
#include "secret.hpp"

#include <secondwind/config/address.hpp>

namespace secondwind::config {
namespace {

std::vector<std::string> const upstream_members{"name", "url", "api_token", "api_token_file"};

std::string const& string_at(json_node const& node, std::string const& path,
                             json_source const& source) {
    if (node.what != json_node::kind::string)
        source.fail(node.offset, path + ": expected a string, but got " + shown(node));
    return node.text;
}

// An empty string is none: so it stands in the reference.
std::string const* secret_at(json_node const* node, std::string const& path,
                             json_source const& source) {
    if (node == nullptr)
        return nullptr;
    // What stands in a secret's place is never shown, not even if it is a number.
    if (node->what != json_node::kind::string)
        source.fail(node->offset, path + ": expected a string");
    return node->text.empty() ? nullptr : &node->text;
}

std::string read_token(json_node const& object, std::string const& path,
                       json_source const& source) {
    constexpr std::string_view name = "api_token";
    auto const file_name = std::string{name}.append(file_suffix);
    auto const token_path = path + "." + std::string{name};
    auto const file_path = path + "." + file_name;
    auto const* in_place = member_of(object, name);
    auto const* in_file = member_of(object, file_name);
    auto const* token = secret_at(in_place, token_path, source);
    auto const* file = secret_at(in_file, file_path, source);
    if (token != nullptr && file != nullptr)
        source.fail(in_file->offset, file_path + ": \"api_token\" is given as well: give just one");
    if (token != nullptr) {
        if (auto const complaint = token_complaint(*token); !complaint.empty())
            source.fail(in_place->offset, token_path + ": " + complaint);
        return *token;
    }
    std::string taken;
    if (file != nullptr)
        if (auto const complaint = take_token(source.read_file(*file), taken); !complaint.empty())
            source.fail(in_file->offset, file_path + ": " + complaint);
    return taken;
}

upstream read_upstream(json_node const& item, std::string const& path, json_source const& source) {
    source.expect_object(item, path, R"(an upstream as {"name": ..., "url": ...})",
                         upstream_members);
    upstream u;
    if (auto const* name = member_of(item, "name")) {
        auto const& text = string_at(*name, path + ".name", source);
        if (!is_upstream_name(text))
            source.fail(name->offset,
                        path + ".name: " +
                            expected_but_got("a name of letters, digits, '_', '.' and '-'", text));
        u.name = text;
    }
    auto const* url = member_of(item, "url");
    if (url == nullptr)
        source.fail(item.offset, path + R"(: expected a "url" in this upstream)");
    auto const& text = string_at(*url, path + ".url", source);
    if (auto const complaint = read_url(text, u); !complaint.empty())
        source.fail(url->offset, path + ".url: " + complaint);
    u.api_token = read_token(item, path, source);
    return u;
}

// Without the tokens: what is shown is read by people, and what a flag says by any process.
std::string show(std::vector<upstream> const& all) {
    std::string text;
    for (auto const& u : all)
        text += (text.empty() ? "" : ",") + u.name + "=" + to_string(u);
    return text;
}

} // namespace

list_kind<upstream> const& upstream_list() {
    static list_kind<upstream> const kind{
        .expected = R"(a list as [{"name": "default", "url": "http://127.0.0.1:1234"}])",
        .members = upstream_members,
        .read_item = read_upstream,
        .check = check_upstreams,
        .read_text = read_upstreams,
        .show = show};
    return kind;
}

} // namespace secondwind::config
