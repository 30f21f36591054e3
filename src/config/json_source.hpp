// A text of JSON with its name, for complaints about what it holds that point at the culprit.
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

// Every complaint is a config_error. It begins with the place if the text is a file's; a text
// without a name is a variable's, and who asked knows which one.
class json_source {
public:
    // The text must live as long as this.
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

    // Two values for one setting: whichever won, it might be the wrong one. `prefix` is what
    // stands before the names in messages.
    void refuse_repeats(json_node const& object, std::string const& prefix) const;

    // The item of a list is an object that holds nothing but these members, each once at most.
    // `path` is the item's in messages, as "upstreams[0]".
    void expect_object(json_node const& node, std::string const& path, std::string const& expected,
                       std::vector<std::string> const& members) const;

private:
    std::string_view text_;
    std::string name_;
    file_reader read_file_;
};

// The value of a member, or nothing for one that is not there.
json_node const* member_of(json_node const& object, std::string_view name) noexcept;

// A node as a message shows it.
std::string shown(json_node const& node);

} // namespace secondwind::config
