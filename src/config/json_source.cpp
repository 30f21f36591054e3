#include "json_source.hpp"

#include "secret.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>

namespace secondwind::config {
namespace {

constexpr std::string_view advice_about_yaml =
    "this is YAML, but the configuration is JSON, in which comments and trailing commas are "
    R"(allowed: write {"listen": "127.0.0.1:1235"} rather than listen: 127.0.0.1:1235)";

// Whether the first line with content begins a document, a list or a mapping of YAML.
bool is_yaml(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const line = text.substr(0, text.find_first_of("\r\n"));
        auto const begin = line.find_first_not_of(" \t");
        if (begin != std::string_view::npos && line[begin] != '#') {
            auto const first = line.substr(begin);
            auto const is_word = [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
            };
            auto const after = std::ranges::find_if_not(first, is_word);
            auto const rest = first.substr(static_cast<std::size_t>(after - first.begin()));
            bool const is_mapping = after != first.begin() && rest.starts_with(':') &&
                                    (rest.size() == 1 || rest[1] == ' ');
            return is_mapping || first.starts_with("---") || first.starts_with("- ");
        }
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return false;
}

} // namespace

std::string place(std::string const& name, text_position position) {
    return name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

json_node json_source::parse() const {
    try {
        return parse_json_tree(text_);
    } catch (json_error const& e) {
        if (is_yaml(text_))
            fail(e.offset(), std::string{advice_about_yaml});
        if (!name_.empty())
            fail(e.offset(), std::string{"not valid JSON: "} + e.what());
        auto const at = position(e.offset());
        throw config_error{"not valid JSON in line " + std::to_string(at.line) + ", column " +
                           std::to_string(at.column) + ": " + e.what()};
    }
}

file_content json_source::read_file(std::string const& path) const {
    return read_file_ ? read_file_(path) : unreadable();
}

std::string json_source::placed(std::size_t offset, std::string const& message) const {
    return name_.empty() ? message : place(name_, position(offset)) + ": " + message;
}

void json_source::fail(std::size_t offset, std::string const& message) const {
    throw config_error{placed(offset, message)};
}

void json_source::complain(std::size_t offset, std::string const& message) const {
    faults_.push_back(placed(offset, message));
}

void json_source::note(std::size_t offset, std::string const& message) const {
    notes_.push_back(placed(offset, message));
}

void json_source::expect(json_node const& node, json_node::kind type,
                         std::string const& expected) const {
    if (node.type != type)
        fail(node.offset, "expected " + expected + ", but got " + shown(node));
}

void json_source::refuse_repeats(json_node const& object, std::string const& prefix) const {
    for (auto one = object.members.begin(); one != object.members.end(); ++one) {
        auto const first =
            std::ranges::find(object.members.begin(), one, one->key, &json_member::key);
        if (first == one)
            continue;
        auto const line = position(first->key_offset).line;
        complain(one->key_offset, "repeated key " + in_quotes(prefix + one->key) +
                                      ": it is in line " + std::to_string(line) + " already");
    }
}

void json_source::expect_object(json_node const& node, std::string const& path,
                                std::string const& expected,
                                std::vector<std::string> const& members) const {
    expect(node, json_node::kind::object, expected);
    auto const prefix = path + ".";
    refuse_repeats(node, prefix);
    for (auto const& member : node.members) {
        if (std::ranges::find(members, member.key) != members.end())
            continue;
        auto message = "unknown key " + in_quotes(prefix + member.key);
        if (auto const meant = nearest(member.key, members))
            message += ": did you mean " + in_quotes(prefix + *meant) + "?";
        complain(member.key_offset, message);
    }
}

json_node const* member_of(json_node const& object, std::string_view name) noexcept {
    auto const found = std::ranges::find(object.members, name, &json_member::key);
    return found == object.members.end() ? nullptr : &found->value;
}

std::string shown(json_node const& node) {
    switch (node.type) {
    case json_node::kind::object:
        return "an object";
    case json_node::kind::array:
        return "a list";
    case json_node::kind::string:
        return in_quotes(node.text);
    case json_node::kind::number:
    case json_node::kind::literal:
        break;
    }
    return node.text.substr(0, 40);
}

} // namespace secondwind::config
