// A JSON text with its name, for complaints that point at a place in it.
#pragma once

#include "json_tree.hpp"
#include <secondwind/config/builder.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::config {

// "secondwind.json:12:5"
std::string place(std::string const& name, text_position position);

// Every complaint is a config_error. For a file it begins with the place; a text without a name is
// from a variable, which the caller knows.
class json_source {
public:
    // The text must outlive this object.
    explicit json_source(std::string_view text, std::string name = {}, file_reader read_file = {})
        : text_{text}, name_{std::move(name)}, read_file_{std::move(read_file)} {}

    json_node parse() const;

    text_position position(std::size_t offset) const noexcept { return position_of(text_, offset); }
    std::string const& name() const noexcept { return name_; }

    // The content of a file that the text names.
    std::optional<std::string> read_file(std::string const& path) const {
        return read_file_ ? read_file_(path) : std::nullopt;
    }

    [[noreturn]] void fail(std::size_t offset, std::string const& message) const;

    // Complains that `expected` is missing, unless the node is of this kind.
    void expect(json_node const& node, json_node::kind type, std::string const& expected) const;

    // Complains about two values for one setting, since either might be the wrong one. `prefix`
    // goes before the names in messages.
    void refuse_repeats(json_node const& object, std::string const& prefix) const;

    // Checks that the item of a list is an object with only these members, each at most once.
    // `path` is the item's in messages, such as "upstreams[0]".
    void expect_object(json_node const& node, std::string const& path, std::string const& expected,
                       std::vector<std::string> const& members) const;

private:
    std::string_view text_;
    std::string name_;
    file_reader read_file_;
};

// The value of a member, or nothing if it is missing.
json_node const* member_of(json_node const& object, std::string_view name) noexcept;

// A node in the form that messages show.
std::string shown(json_node const& node);

} // namespace secondwind::config
