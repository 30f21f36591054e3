#include "key_makers.hpp"
#include "lists.hpp"
#include "secret.hpp"

#include <secondwind/base/units.hpp>
#include <secondwind/config/address.hpp>

namespace secondwind::config {
namespace {

constexpr std::string_view own_listener_form =
    "ADDRESS:PORT with a numeric address, as 127.0.0.1:1236, or an empty string for none";

std::vector<std::string> const upstream_members{
    "name",           "url",       "listen",   "ca_file", "verify", "api_token",
    "api_token_file", "use_token", "handicap", "models",  "memory", "max_in_flight"};

constexpr milliseconds longest_handicap = std::chrono::hours{24};
constexpr std::uint64_t least_memory = 64ULL << 20U; // less is a size without its unit
constexpr std::uint64_t most_in_flight = 1'000'000;
constexpr std::uint64_t most_memory = 16ULL << 40U;

std::string const& string_at(json_node const& node, std::string const& path,
                             json_source const& source) {
    if (node.type != json_node::kind::string)
        source.fail(node.offset, path + ": expected a string, but got " + shown(node));
    return node.text;
}

// A port alone may be a number.
std::string const& address_at(json_node const& node, std::string const& path,
                              json_source const& source) {
    return node.type == json_node::kind::number ? node.text : string_at(node, path, source);
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
    auto const& text = address_at(*url, path + ".url", source);
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
    auto const& text = address_at(*node, path + ".listen", source);
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

void read_token_use(json_node const& item, std::string const& path, json_source const& source,
                    upstream& into) {
    auto const* node = member_of(item, "use_token");
    if (node == nullptr)
        return;
    auto const& text = string_at(*node, path + ".use_token", source);
    if (text != "keyed" && text != "always")
        source.fail(node->offset,
                    path + ".use_token: " + expected_but_got("keyed or always", text));
    into.use_token = text == "always" ? token_use::always : token_use::keyed;
}

void read_handicap(json_node const& item, std::string const& path, json_source const& source,
                   upstream& into) {
    auto const* node = member_of(item, "handicap");
    if (node == nullptr)
        return;
    auto const& text = string_at(*node, path + ".handicap", source);
    auto const value = parse_duration(text);
    if (!value || *value > longest_handicap)
        source.fail(node->offset, path + ".handicap: " +
                                      expected_but_got("a duration such as 2s, from 0 to " +
                                                           format_duration(longest_handicap),
                                                       text));
    into.handicap = *value;
}

void read_models(json_node const& item, std::string const& path, json_source const& source,
                 upstream& into) {
    auto const* node = member_of(item, "models");
    if (node == nullptr)
        return;
    if (node->type != json_node::kind::array)
        source.fail(node->offset, path + ".models: expected " + model_list().expected +
                                      ", but got " + shown(*node));
    into.models = read_items(*node, path + ".models", model_list(), source);
}

void read_memory(json_node const& item, std::string const& path, json_source const& source,
                 upstream& into) {
    auto const* node = member_of(item, "memory");
    if (node == nullptr)
        return;
    bool const is_size =
        node->type == json_node::kind::string || node->type == json_node::kind::number;
    auto const value = is_size ? parse_size(node->text) : std::nullopt;
    bool const fits = value && (*value == 0 || (*value >= least_memory && *value <= most_memory));
    if (!fits)
        source.fail(node->offset, path + ".memory: expected a size such as 24GiB, from " +
                                      format_size(least_memory) + " to " +
                                      format_size(most_memory) + ", or 0, but got " + shown(*node));
    into.memory = *value;
}

void read_max_in_flight(json_node const& item, std::string const& path, json_source const& source,
                        upstream& into) {
    auto const* node = member_of(item, "max_in_flight");
    if (node == nullptr)
        return;
    bool const is_number = node->type == json_node::kind::number;
    auto const value = is_number ? parse_count(node->text) : std::nullopt;
    if (!value || *value > most_in_flight)
        source.fail(node->offset, path + ".max_in_flight: expected a number from 0 to " +
                                      std::to_string(most_in_flight) + ", but got " + shown(*node));
    into.max_in_flight = *value;
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
    source.attempt([&] { read_token_use(item, path, source, u); });
    source.attempt([&] { read_handicap(item, path, source, u); });
    source.attempt([&] { read_models(item, path, source, u); });
    source.attempt([&] { read_memory(item, path, source, u); });
    source.attempt([&] { read_max_in_flight(item, path, source, u); });
    return u;
}

// Commas separate upstreams already.
std::string show_models(std::vector<std::string> const& models) {
    std::string text;
    for (auto const& model : models)
        text += (text.empty() ? "" : ";") + model;
    return text;
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
        if (u.use_token == token_use::always)
            text += " use_token=always";
        if (u.handicap > milliseconds::zero())
            text += " handicap=" + format_duration(u.handicap);
        if (!u.models.empty())
            text += " models=" + show_models(u.models);
        if (u.memory > 0)
            text += " memory=" + format_size(u.memory);
        if (u.max_in_flight > 0)
            text += " max_in_flight=" + std::to_string(u.max_in_flight);
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
