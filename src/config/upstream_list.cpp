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
    u.api_token = read_token(item, path, "api_token", token_complaint, source).value;
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
