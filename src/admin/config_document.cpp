#include "config_document.hpp"

#include "api_json.hpp"
#include <secondwind/config/keys.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace secondwind::admin {

std::string config_document(std::vector<config::builder::entry> const& read,
                            config::settings const& in_force) {
    auto list = json::array();
    for (auto const& key : config::keys()) {
        auto const value = key.show(in_force);
        auto const found = std::ranges::find(read, key.name, &config::builder::entry::key);
        std::string source = "default";
        if (found != read.end())
            source = found->value == value ? found->source : "changed at run time";
        list.push_back({{"key", key.name}, {"value", value}, {"source", source}});
    }
    return to_text({{"settings", std::move(list)}});
}

} // namespace secondwind::admin
