// A JSON text with its name, for complaints that point at a place in it.
#pragma once

#include "json_tree.hpp"
#include <secondwind/config/builder.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::config {

// "secondwind.json:12:5"
std::string place(std::string const& name, text_position position);

// Every fault is a config_error, thrown or recorded. For a file it begins with the place; a text
// without a name is from a variable, which the caller knows.
class json_source {
public:
    // The text must outlive this object.
    explicit json_source(std::string_view text, std::string name = {}, file_reader read_file = {})
        : text_{text}, name_{std::move(name)}, read_file_{std::move(read_file)} {}

    json_node parse() const;

    text_position position(std::size_t offset) const noexcept { return position_of(text_, offset); }
    std::string const& name() const noexcept { return name_; }

    // The content of a file that the text names.
    file_content read_file(std::string const& path) const;

    [[noreturn]] void fail(std::size_t offset, std::string const& message) const;

    // What was recorded so far, so that one reading tells all faults.
    std::vector<std::string> const& faults() const noexcept { return faults_; }
    std::vector<std::string> const& notes() const noexcept { return notes_; }

    // Records a fault, and returns.
    void complain(std::size_t offset, std::string const& message) const;
    // Records that a value was taken in another sense than its author may expect.
    void note(std::size_t offset, std::string const& message) const;
    // Runs one step of reading, and records its faults.
    template<class Step>
    void attempt(Step const& step) const {
        try {
            step();
        } catch (config_error const& e) {
            faults_.insert(faults_.end(), e.faults().begin(), e.faults().end());
        }
    }

    // Complains that `expected` is missing, unless the node is of this kind.
    void expect(json_node const& node, json_node::kind type, std::string const& expected) const;

    // Records a fault for two values of one setting, since either might be the wrong one. `prefix`
    // goes before the names in messages.
    void refuse_repeats(json_node const& object, std::string const& prefix) const;

    // Requires that the item of a list is an object, and records a fault for other members than
    // these and for repeated ones. `path` is the item's in messages, such as "upstreams[0]".
    void expect_object(json_node const& node, std::string const& path, std::string const& expected,
                       std::vector<std::string> const& members) const;

private:
    std::string placed(std::size_t offset, std::string const& message) const;

    std::string_view text_;
    std::string name_;
    file_reader read_file_;
    // A reader records while it reads a source that never changes.
    mutable std::vector<std::string> faults_;
    mutable std::vector<std::string> notes_;
};

// The value of a member, or nothing if it is missing.
json_node const* member_of(json_node const& object, std::string_view name) noexcept;

// A node in the form that messages show.
std::string shown(json_node const& node);

} // namespace secondwind::config
