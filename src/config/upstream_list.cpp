#include "lists.hpp"
#include "secret.hpp"

#include <secondwind/config/address.hpp>

namespace secondwind::config {
namespace {

constexpr std::string_view own_listener_form =
    "ADDRESS:PORT with a numeric address, as 127.0.0.1:1236, or an empty string for none";

std::vector<std::string> const upstream_members{"name",   "url",       "listen",        "ca_file",
                                                "verify", "api_token", "api_token_file"};

std::string const& string_at(json_node const& node, std::string const& path,
                             json_source const& source) {
    if (node.type != json_node::kind::string)
        source.fail(node.offset, path + ": expected a string, but got " + shown(node));
    return node.text;
}

void read_name(json_node const& item, std::string const& path, json_source const& source,
               upstream& into) {
    auto const* name = member_of(item, "name");
    if (name == nullptr)
        return;
    auto const& text = string_at(*name, path + ".name", source);
    if (!is_name(text))
        source.fail(name->offset, path + ".name: " + expected_but_got(name_form, text));
    into.name = text;
}

void read_own_url(json_node const& item, std::string const& path, json_source const& source,
                  upstream& into) {
    auto const* url = member_of(item, "url");
    if (url == nullptr)
        source.fail(item.offset, path + R"(: expected a "url" in this upstream)");
    auto const& text = string_at(*url, path + ".url", source);
    if (auto const complaint = read_url(text, into); !complaint.empty())
        source.fail(url->offset, path + ".url: " + complaint);
    if (auto const note = url_note(text); !note.empty())
        source.note(url->offset, path + ".url: " + note);
}

std::optional<endpoint> read_own_listener(json_node const& item, std::string const& path,
                                          json_source const& source) {
    auto const* node = member_of(item, "listen");
    if (node == nullptr)
        return std::nullopt;
    auto const& text = string_at(*node, path + ".listen", source);
    auto listener = parse_endpoint(text);
    if (!listener && !text.empty())
        source.fail(node->offset, path + ".listen: " + expected_but_got(own_listener_form, text));
    if (auto const note = endpoint_note(text); !note.empty())
        source.note(node->offset, path + ".listen: " + note);
    return listener;
}

// Which certificate is accepted. Without TLS these settings would protect nothing.
void read_trust(json_node const& item, std::string const& path, json_source const& source,
                upstream& into) {
    auto const fail_without_tls = [&](json_node const& node, std::string const& name) {
        if (!into.tls)
            source.fail(node.offset, path + "." + name +
                                         ": a certificate needs TLS: write https:// "
                                         "in \"url\", or leave \"" +
                                         name + "\" out");
    };
    if (auto const* file = member_of(item, "ca_file")) {
        into.ca_file = string_at(*file, path + ".ca_file", source);
        if (!into.ca_file.empty())
            fail_without_tls(*file, "ca_file");
    }
    if (auto const* verify = member_of(item, "verify")) {
        bool const is_truth = verify->type == json_node::kind::literal && verify->text != "null";
        if (!is_truth)
            source.fail(verify->offset,
                        path + ".verify: expected true or false, but got " + shown(*verify));
        into.verify = verify->text == "true";
        if (!into.verify)
            fail_without_tls(*verify, "verify");
    }
}

upstream read_upstream(json_node const& item, std::string const& path, json_source const& source) {
    source.expect_object(item, path, R"(an upstream as {"name": ..., "url": ...})",
                         upstream_members);
    upstream u;
    source.attempt([&] { read_name(item, path, source, u); });
    source.attempt([&] {
        read_own_url(item, path, source, u);
        read_trust(item, path, source, u);
    });
    source.attempt([&] { u.listen = read_own_listener(item, path, source); });
    source.attempt(
        [&] { u.api_token = read_token(item, path, "api_token", token_complaint, source).value; });
    return u;
}

// Without the tokens: people read what is shown, and every process can read flags.
std::string show(std::vector<upstream> const& all) {
    std::string text;
    for (auto const& u : all) {
        text += (text.empty() ? "" : ",") + u.name + "=" + to_string(u);
        if (u.listen)
            text += " listen=" + to_string(*u.listen);
        if (!u.ca_file.empty())
            text += " ca_file=" + u.ca_file;
        if (!u.verify)
            text += " verify=false";
    }
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
