#include "json_source.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>

namespace secondwind::config {

std::string place(std::string const& name, text_position position) {
    return name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

json_node json_source::parse() const {
    try {
        return parse_json_tree(text_);
    } catch (json_error const& e) {
        if (!name_.empty())
            fail(e.offset(), std::string{"not valid JSON: "} + e.what());
        auto const at = position(e.offset());
        throw config_error{"not valid JSON in line " + std::to_string(at.line) + ", column " +
                           std::to_string(at.column) + ": " + e.what()};
    }
}

void json_source::fail(std::size_t offset, std::string const& message) const {
    throw config_error{name_.empty() ? message : place(name_, position(offset)) + ": " + message};
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
        fail(one->key_offset, "repeated key " + in_quotes(prefix + one->key) + ": it is in line " +
                                  std::to_string(line) + " already");
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
        fail(member.key_offset, message);
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
