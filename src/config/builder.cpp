#include <secondwind/config/builder.hpp>

#include "conflicts.hpp"
#include "secret.hpp"

#include "file_layer.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::config {
namespace {

constexpr std::string_view variable_prefix = "SECONDWIND_";
// It is read before there are any settings, so it is not a key.
constexpr std::string_view config_variable = "SECONDWIND_CONFIG";

std::string joined(std::vector<std::string> const& faults) {
    std::string text;
    for (auto const& fault : faults)
        text.append(text.empty() ? "" : "; ").append(fault);
    return text;
}

// Kubernetes describes each Service of a namespace to its pods in such variables, for example
// SECONDWIND_SERVICE_HOST and SECONDWIND_PORT_1235_TCP_ADDR for one that is named secondwind; links
// of Docker do the same.
bool is_service_link(std::string_view name, std::string_view value) {
    name.remove_prefix(variable_prefix.size() - 1);
    if (name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") ||
        name.find("_SERVICE_PORT_") != std::string_view::npos)
        return true;
    // A person who writes SECONDWIND_PORT=1235 must learn that there is no such setting.
    if (name.ends_with("_PORT") && value.find("://") != std::string_view::npos)
        return true;
    constexpr std::string_view port = "_PORT_";
    auto const at = name.find(port);
    if (at == std::string_view::npos)
        return false;
    name.remove_prefix(at + port.size());
    auto const digits = std::min(name.find_first_not_of("0123456789"), name.size());
    name.remove_prefix(digits);
    return digits > 0 && (name.starts_with("_TCP") || name.starts_with("_UDP"));
}

[[noreturn]] void refuse_variable(std::string const& name) {
    std::vector<std::string> known{std::string{config_variable}};
    for (auto const& k : keys()) {
        known.push_back(k.environment);
        if (k.secret)
            known.push_back(file_variable_of(k));
    }
    auto message = in_quotes(name) + ": there is no such setting";
    if (auto const meant = nearest(name, known))
        message += ": did you mean " + *meant + "?";
    throw config_error{message};
}

} // namespace

config_error::config_error(std::string const& fault)
    : config_error{std::vector<std::string>{fault}} {}

config_error::config_error(std::vector<std::string> faults)
    : std::runtime_error{joined(faults)}, faults_{std::move(faults)} {}

void builder::add_file(std::string_view text, std::string const& name, file_reader read_file) {
    json_source const source{text, name, std::move(read_file)};
    for (auto const& one : read_file_layer(source)) {
        auto const line = name + ":" + std::to_string(one.position.line);
        set(*one.setting, one.apply, line, place(name, one.position) + ": " + one.setting->name);
    }
    notes_.insert(notes_.end(), source.notes().begin(), source.notes().end());
    if (!source.faults().empty())
        throw config_error{source.faults()};
}

void builder::add_environment(std::vector<std::string> const& names,
                              std::function<std::optional<std::string>(std::string const&)> lookup,
                              file_reader read_file) {
    std::vector<std::string> faults;
    for (auto const& name : names) {
        if (!name.starts_with(variable_prefix) || name == config_variable)
            continue;
        try {
            add_variable(name, lookup, read_file);
        } catch (config_error const& e) {
            faults.insert(faults.end(), e.faults().begin(), e.faults().end());
        }
    }
    if (!faults.empty())
        throw config_error{std::move(faults)};
    // What systemd gives a service (systemd.exec(5)): perhaps several, the first is the main one.
    constexpr auto given = "STATE_DIRECTORY";
    auto const all = settings_.state.directory.empty() ? lookup(given) : std::nullopt;
    if (all && !all->empty())
        take(*find_key("state.directory"), all->substr(0, all->find(':')), given);
}

void builder::add_variable(
    std::string const& name,
    std::function<std::optional<std::string>(std::string const&)> const& lookup,
    file_reader const& read_file) {
    auto const* k = find_environment_key(name);
    auto const* in_file = k == nullptr ? find_file_variable_key(name) : nullptr;
    auto const value = lookup(name);
    if (k == nullptr && in_file == nullptr) {
        if (is_service_link(name, value.value_or("")))
            return;
        refuse_variable(name);
    }
    if (k != nullptr && value)
        take(*k, *value, name);
    // An empty name counts as none, as an empty secret does.
    if (in_file == nullptr || !value || value->empty())
        return;
    if (auto const secret = lookup(in_file->environment); secret && !secret->empty())
        throw config_error{name + ": " + in_file->environment + " is also given: give only one"};
    take_secret(*in_file, *value, name, read_file);
}

void builder::add_flag(std::string_view key, std::string const& value, std::string const& flag) {
    auto const* k = find_key(key);
    if (k == nullptr)
        throw config_error{flag + ": unknown key " + in_quotes(key)};
    take(*k, value, flag);
}

void builder::take(key const& k, std::string const& value, std::string const& source) {
    // An empty secret counts as none, and does not override that of an earlier layer.
    if (k.secret && value.empty())
        return;
    if (k.form == json_form::member) {
        shared_.push_back({value, {k.name, source, source}});
        give(shared_.back());
        return;
    }
    set(
        k, [&](settings& s) { return k.assign(s, value); }, source, source);
    auto const note = k.note ? k.note(value) : std::string{};
    if (!note.empty())
        notes_.push_back(source + ": " + note);
}

void builder::take_secret(key const& k, std::string const& path, std::string const& variable,
                          file_reader const& read_file) {
    std::string secret;
    auto const content = read_file ? read_file(path) : unreadable();
    auto const judge = [&k](std::string_view text) {
        settings scratch;
        return k.assign(scratch, text);
    };
    if (auto const complaint = take_token(content, judge, secret); !complaint.empty())
        throw config_error{variable + ": " + complaint};
    take(k, secret, variable);
}

void builder::set(key const& k, std::function<std::string(settings&)> const& apply,
                  std::string const& source, std::string const& prefix) {
    if (auto const complaint = apply(settings_); !complaint.empty())
        throw config_error{prefix + ": " + complaint};
    remember({k.name, source, prefix});
    if (k.form != json_form::list)
        return;
    // The list replaces all objects, including their secrets.
    auto const members = k.name + "[].";
    std::erase_if(origins_, [&](origin const& o) { return o.key.starts_with(members); });
    for (auto const& one : shared_)
        if (one.from.key.starts_with(members))
            give(one);
}

void builder::give(shared const& one) {
    auto const* k = find_key(one.from.key);
    auto const before = k->show(settings_);
    if (auto const complaint = k->assign(settings_, one.value); !complaint.empty())
        throw config_error{one.from.prefix + ": " + complaint};
    // Perhaps each of them already had one.
    if (k->show(settings_) != before)
        remember(one.from);
}

void builder::remember(origin from) {
    std::erase_if(origins_, [&](origin const& o) { return o.key == from.key; });
    origins_.push_back(std::move(from));
}

builder::origin const* builder::origin_of(std::string_view key) const noexcept {
    auto const found = std::ranges::find(origins_, key, &origin::key);
    return found == origins_.end() ? nullptr : &*found;
}

std::string builder::prefix_of(std::string_view key) const {
    auto const* set_by = origin_of(key);
    return set_by == nullptr ? std::string{key} : set_by->prefix;
}

void builder::check() const {
    std::vector<std::string> faults;
    for (auto const& found : find_conflicts(settings_)) {
        // The place of the first of these keys that any layer has set.
        auto const& culprits = found.culprits;
        auto const set = std::ranges::find_if(
            culprits, [this](std::string_view culprit) { return !is_default(culprit); });
        faults.push_back(set == culprits.end() ? found.complaint
                                               : prefix_of(*set) + ": " + found.complaint);
    }
    if (!faults.empty())
        throw config_error{std::move(faults)};
}

bool builder::is_default(std::string_view key) const noexcept {
    return origin_of(key) == nullptr;
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
