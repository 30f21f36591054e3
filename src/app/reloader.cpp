#include <secondwind/app/reloader.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/config/keys.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace secondwind::app {

namespace {

std::string joined(std::vector<std::string> const& names) {
    std::string out;
    for (auto const& name : names)
        out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

} // namespace

admin::reload_result reloader::run() {
    auto result = apply();
    if (result.error.empty())
        log::write(log::level::info, "config_reloaded", {{"changed", joined(result.changed)}});
    else
        log::write(log::level::error, "config_refused", {{"why", result.error}});
    return result;
}

admin::reload_result reloader::apply() {
    admin::reload_result result;
    if (!read_) {
        result.error = "There is no configuration to read anew: the demonstration has its own.";
        return result;
    }
    try {
        auto fresh = read_();
        auto const changed = config::changed_keys(settings_, fresh);
        std::vector<std::string> fixed;
        std::ranges::copy_if(changed, std::back_inserter(fixed), [](std::string const& name) {
            return config::find_key(name)->needs_restart;
        });
        if (!fixed.empty()) {
            result.error = "Nothing was changed, because " + joined(fixed) +
                           " cannot change while secondwind runs: restart it, or put the old value "
                           "back.";
            return result;
        }
        take(std::move(fresh));
        result.changed = changed;
    } catch (std::exception const& e) {
        result.error = e.what();
    }
    return result;
}

// Everybody goes by the one object, so it is enough to fill it anew. What needs a restart is equal
// in both, and stays where it is: others refer to its parts.
void reloader::take(config::settings&& fresh) {
    auto& context = server_.shared();
    if (context.traffic.in_flight == 0)
        retired_.clear();
    if (settings_.recovery.rules != fresh.recovery.rules)
        retired_.push_back(std::move(settings_.recovery.rules));
    else
        fresh.recovery.rules = std::move(settings_.recovery.rules);
    settings_.recovery = std::move(fresh.recovery);
    settings_.admin = std::move(fresh.admin);
    settings_.health = fresh.health;
    settings_.request_id = fresh.request_id;
    settings_.limits = fresh.limits;
    settings_.timeouts = fresh.timeouts;
    context.host.view.start(); // by the interval that holds now
    // What did not fit may fit by the new rules.
    context.host.care.misfits = {};
}

} // namespace secondwind::app
