#include "reloader.hpp"

#include "service_manager.hpp"
#include <secondwind/app/loops.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/config/keys.hpp>

#include <exception>
#include <optional>
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
    // While draining, systemd already knows that the service stops; READY=1 would contradict that.
    bool const notifies = !server_.shared().draining;
    if (notifies)
        service_manager::reloading();
    auto result = apply();
    if (result.error.empty()) {
        log::write(log::level::info, "config_reloaded", {{"changed", joined(result.changed)}});
    } else {
        log::write(log::level::error, "config_reload_failed", {{"error", result.error}});
    }
    auto status = service_manager::serving(*settings_, proxy::address_of(server_.local_endpoint()));
    if (!result.error.empty())
        status += "; the last reload failed, see the log";
    if (notifies)
        service_manager::ready(status);
    return result;
}

admin::reload_result reloader::apply() {
    admin::reload_result result;
    if (!read_) {
        result.error = "The demo has no configuration file to reload.";
        return result;
    }
    if (server_.shared().draining) {
        result.error = "secondwind is shutting down, so the configuration was not reloaded.";
        return result;
    }
    try {
        auto const layers = read_();
        auto fresh = layers.value();
        if (amend_)
            amend_(fresh);
        refuse_loops(fresh, false); // a lookup would block the event loop
        result.changed = config::changed_keys(*settings_, fresh);
        auto listeners_and_hosts = server_.prepare(fresh);
        std::vector<std::function<void()>> others;
        for (auto const& each : parts_)
            others.push_back(each(fresh));
        std::optional<recovery::ledger_file> file;
        if (fresh.recovery.ledger_file != settings_->recovery.ledger_file)
            file.emplace(fresh.recovery.ledger_file);
        // The last step that can fail; it changes nothing if it does.
        if (fresh.logging != settings_->logging)
            log::init(fresh.logging);

        put_in_force(std::move(fresh));
        entries_ = layers.effective();
        if (file)
            server_.shared().ledger.write_to(std::move(*file));
        server_.take(std::move(listeners_and_hosts));
        for (auto const& each : others)
            each();
        server_.announce();
    } catch (std::exception const& e) {
        result.changed.clear();
        result.error = e.what();
    }
    return result;
}

void reloader::put_in_force(config::settings fresh) {
    settings_.replace(std::move(fresh));
    auto& context = server_.shared();
    context.apply_settings();
    // A model that did not fit before may fit with the new settings.
    for (auto const& each : context.hosts)
        each->recovery.forget_refusals();
}

} // namespace secondwind::app
