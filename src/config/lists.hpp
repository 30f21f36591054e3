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

    // Throws config_error. `path` is the item's in messages, such as "upstreams[0]".
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
list_kind<std::string> const& pinned_list();
list_kind<std::string> const& allowed_host_list();
list_kind<policy::rule> const& rule_list();

// Throws config_error.
template<class Item>
std::vector<Item> read_items(json_node const& list, std::string const& path,
                             list_kind<Item> const& kind, json_source const& source) {
    std::vector<Item> all;
    for (auto const& item : list.members) {
        auto const item_path = path + "[" + std::to_string(all.size()) + "]";
        all.push_back(kind.read_item(item.value, item_path, source));
        if (auto const complaint = kind.check(all); !complaint.empty())
            source.fail(item.value.offset, path + ": " + complaint);
    }
    // An empty list has no item to blame.
    if (auto const complaint = kind.check(all); !complaint.empty())
        source.fail(list.offset, path + ": " + complaint);
    return all;
}

} // namespace secondwind::config
