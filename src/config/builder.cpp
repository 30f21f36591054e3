#include <secondwind/config/parse.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/base/units.hpp>
#include <secondwind/config/file_layer.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::config {
namespace {

constexpr std::string_view variable_prefix = "SECONDWIND_";
// Read before there are any settings, so it is no key.
constexpr std::string_view config_variable = "SECONDWIND_CONFIG";

[[noreturn]] void refuse_variable(std::string const& name) {
    std::vector<std::string> known{std::string{config_variable}};
    for (auto const& k : keys())
        known.push_back(k.environment);
    auto message = in_quotes(name) + ": no setting is named so";
    if (auto const meant = nearest(name, known))
        message += ": did you mean " + *meant + "?";
    throw config_error{message};
}

} // namespace

void builder::add_file(std::string_view text, std::string const& name) {
    for (auto const& one : read_file_layer(text, name)) {
        auto const line = name + ":" + std::to_string(one.where.line);
        set(one.key, one.value, line, place(name, one.where) + ": " + one.key);
    }
}

void builder::add_environment(
    std::vector<std::string> const& names,
    std::function<std::optional<std::string>(std::string const&)> lookup) {
    for (auto const& name : names) {
        if (!name.starts_with(variable_prefix) || name == config_variable)
            continue;
        auto const* k = find_environment_key(name);
        if (k == nullptr)
            refuse_variable(name);
        if (auto const value = lookup(name))
            set(k->name, *value, name, name);
    }
}

void builder::add_flag(std::string_view key, std::string const& value, std::string const& flag) {
    set(key, value, flag, flag);
}

void builder::set(std::string_view name, std::string const& value, std::string const& source,
                  std::string const& where) {
    auto const* k = find_key(name);
    if (k == nullptr)
        throw config_error{where + ": unknown key " + in_quotes(name)};
    if (auto const complaint = k->assign(settings_, value); !complaint.empty())
        throw config_error{where + ": " + complaint};
    std::erase_if(origins_, [k](origin const& o) { return o.key == k->name; });
    origins_.push_back({k->name, source, where});
}

builder::origin const* builder::origin_of(std::string_view key) const noexcept {
    auto const found = std::ranges::find(origins_, key, &origin::key);
    return found == origins_.end() ? nullptr : &*found;
}

void builder::check() const {
    auto const& l = settings_.limits;
    if (l.replay_buffer_total >= l.replay_buffer)
        return;
    auto const* culprit = origin_of("limits.replay_buffer_total");
    if (culprit == nullptr)
        culprit = origin_of("limits.replay_buffer");
    throw config_error{
        (culprit == nullptr ? "" : culprit->where + ": ") +
        "expected limits.replay_buffer_total (" + format_size(l.replay_buffer_total) +
        ") to be no smaller than limits.replay_buffer (" + format_size(l.replay_buffer) + ")"};
}

std::vector<builder::entry> builder::effective() const {
    std::vector<entry> all;
    for (auto const& k : keys()) {
        auto const* set_by = origin_of(k.name);
        all.push_back({k.name, k.show(settings_), set_by == nullptr ? "default" : set_by->source});
    }
    return all;
}

} // namespace secondwind::config
