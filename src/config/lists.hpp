// The items of the settings that are lists, from JSON and as text.
#pragma once

#include "json_source.hpp"
#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::config {

// Describes one kind of list. The functions that return a string return a complaint, or nothing.
template<class Item>
struct list_kind {
    std::string expected;             // "a list as [...]"
    std::vector<std::string> members; // of items that are objects

    // Throws config_error, or records faults in the source. `path` is the item's in messages, such
    // as "upstreams[0]".
    Item (*read_item)(json_node const& item, std::string const& path, json_source const& source);
    // A complaint about the whole list.
    std::string (*check)(std::vector<Item> const& all);
    // For the environment and flags.
    std::string (*read_text)(std::string_view text, std::vector<Item>& into);
    // In the form that read_text takes; anything that this form cannot express follows the item,
    // and a secret is "***".
    std::string (*show)(std::vector<Item> const& all);
};

list_kind<upstream> const& upstream_list();
list_kind<api_key> const& api_key_list();
list_kind<std::string> const& model_list(); // names or globs
list_kind<std::string> const& allowed_host_list();
list_kind<std::string> const& header_field_list();
list_kind<policy::rule> const& rule_list();

// Records faults in the source. The whole list is checked as long as its items are valid.
template<class Item>
std::vector<Item> read_items(json_node const& list, std::string const& path,
                             list_kind<Item> const& kind, json_source const& source) {
    std::vector<Item> all;
    auto const faults_before = source.faults().size();
    auto const check = [&](std::size_t offset) {
        if (source.faults().size() > faults_before)
            return;
        if (auto const complaint = kind.check(all); !complaint.empty())
            source.complain(offset, path + ": " + complaint);
    };
    std::size_t index = 0;
    for (auto const& item : list.members) {
        auto const item_path = path + "[" + std::to_string(index++) + "]";
        source.attempt([&] { all.push_back(kind.read_item(item.value, item_path, source)); });
        check(item.value.offset);
    }
    // An empty list has no item to blame.
    if (list.members.empty())
        check(list.offset);
    return all;
}

} // namespace secondwind::config
