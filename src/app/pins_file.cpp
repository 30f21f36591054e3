#include "pins_file.hpp"

#include "replace_file.hpp"
#include <secondwind/base/json.hpp>
#include <secondwind/base/log.hpp>

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <utility>

namespace secondwind::app {

using nlohmann::json;

std::string pins_file::place() const {
    auto const& directory = settings_->state.directory;
    return directory.empty() ? directory : directory + "/pins.json";
}

void pins_file::read() {
    auto const name = place();
    if (name.empty())
        return;
    std::ifstream file{name, std::ios::binary};
    std::string const text{std::istreambuf_iterator<char>{file}, {}};
    if (text.empty())
        return;
    auto const whole = json::parse(text, nullptr, false);
    auto const list = whole.is_object() ? whole.find("pinned") : whole.end();
    bool usable = whole.is_object() && whole.value("schema", json{}) == 1 && list != whole.end() &&
                  list->is_array();
    std::vector<std::string> pins;
    if (usable)
        for (auto const& each : *list) {
            usable = usable && each.is_string();
            if (usable)
                pins.push_back(each.get<std::string>());
        }
    if (!usable) {
        log::write(log::level::warn, "pins_unreadable",
                   {{"file", name},
                    {"error", "it is no document of schema 1"},
                    {"advice", "move it away, and pin the models again"}});
        return;
    }
    pins_ = std::move(pins);
}

void pins_file::add_to(config::settings& settings) const {
    auto& all = settings.recovery.pinned;
    all.insert(all.end(), pins_.begin(), pins_.end());
}

std::string pins_file::keep(std::vector<std::string> pins) {
    pins_ = std::move(pins);
    auto const name = place();
    if (name.empty())
        return {};
    return replace_file(name, write_json(json{{"schema", 1}, {"pinned", pins_}}) + "\n");
}

} // namespace secondwind::app
