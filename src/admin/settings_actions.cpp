#include "settings_actions.hpp"

#include "action_replies.hpp"
#include "action_requests.hpp"
#include "api_json.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/base/pattern.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::admin {

namespace {

using announcement = std::function<void(std::vector<std::string> const&)>;

// Every decision reads the current settings, so the new mode takes effect with the next one.
reply set_mode(sources& from, request const& request, announcement const& announce) {
    mode_request wanted;
    if (auto const error = read_action(request.body, wanted); !error.empty())
        return bad_request(error);
    auto next = *from.settings;
    bool const changed = std::exchange(next.recovery.mode, wanted.mode) != wanted.mode;
    auto const name = recovery_settings_json(next.recovery).at("mode").get<std::string>();
    if (changed) {
        from.settings.replace(std::move(next));
        log::write(log::level::info, "recovery_mode_changed", {{"mode", name}});
        announce({"recovery.mode"});
    }
    return document_reply({{"mode", name}});
}

reply set_evict(sources& from, request const& request, announcement const& announce) {
    evict_request wanted;
    if (auto const error = read_action(request.body, wanted); !error.empty())
        return bad_request(error);
    auto next = *from.settings;
    auto const name = policy::to_string(wanted.evict);
    if (std::exchange(next.recovery.evict, wanted.evict) != wanted.evict) {
        from.settings.replace(std::move(next));
        log::write(log::level::info, "recovery_evict_changed", {{"evict", name}});
        announce({"recovery.evict"});
    }
    return document_reply({{"evict", name}});
}

// The pattern of the configuration that pins it, or nothing.
std::string pinned_by_configuration(sources const& from, std::string const& model) {
    auto const own = from.pins();
    for (auto const& each : from.settings->recovery.pinned)
        if (glob_matches(each, model) && std::ranges::find(own, each) == own.end())
            return each;
    return {};
}

reply kept_reply(sources& from, std::string const& model, bool pinned, std::string const& error) {
    if (!error.empty())
        return error_reply(
            500, "not_kept",
            "The change is in force until the next restart, and was not written: " + error + ".");
    return document_reply(
        {{"model", model}, {"pinned", pinned}, {"kept", !from.pins_file().empty()}});
}

reply pin(sources& from, std::string const& model, announcement const& announce) {
    auto pins = from.pins();
    if (std::ranges::find(pins, model) != pins.end() ||
        !pinned_by_configuration(from, model).empty())
        return kept_reply(from, model, true, {});
    constexpr std::size_t most_pins = 1000;
    if (pins.size() >= most_pins)
        return bad_request("1,000 models are pinned by operators. Unpin some, or pin more with a "
                           "pattern in recovery.pinned of the configuration.");
    auto next = *from.settings;
    next.recovery.pinned.push_back(model);
    pins.push_back(model);
    from.settings.replace(std::move(next));
    auto const error = from.keep_pins(std::move(pins));
    log::write(log::level::info, "model_pinned", {{"model", model}});
    announce({"recovery.pinned"});
    return kept_reply(from, model, true, error);
}

reply unpin(sources& from, std::string const& model, announcement const& announce) {
    auto pins = from.pins();
    auto const found = std::ranges::find(pins, model);
    auto const by = pinned_by_configuration(from, model);
    if (found == pins.end() && !by.empty())
        return error_reply(409, "pinned_by_configuration",
                           "The configuration pins " + in_quotes(model) + " with " + in_quotes(by) +
                               ". Remove that from recovery.pinned, and reload secondwind.");
    std::string error;
    if (found != pins.end()) {
        pins.erase(found);
        auto next = *from.settings;
        auto& pinned = next.recovery.pinned;
        // What operators pin stands after what the configuration pins.
        if (auto const at = std::find(pinned.rbegin(), pinned.rend(), model); at != pinned.rend())
            pinned.erase(std::next(at).base());
        from.settings.replace(std::move(next));
        error = from.keep_pins(std::move(pins));
        log::write(log::level::info, "model_unpinned", {{"model", model}});
        announce({"recovery.pinned"});
    }
    return kept_reply(from, model, !by.empty(), error);
}

reply change_pin(sources& from, bool on, request const& request, announcement const& announce) {
    pin_request wanted;
    if (auto const error = read_action(request.body, wanted); !error.empty())
        return bad_request(error);
    return on ? pin(from, wanted.model, announce) : unpin(from, wanted.model, announce);
}

} // namespace

reply change_settings(sources& from, route wanted, request const& request,
                      announcement const& announce) {
    switch (wanted) {
    case route::recovery_mode:
        return set_mode(from, request, announce);
    case route::recovery_evict:
        return set_evict(from, request, announce);
    default:
        return change_pin(from, wanted == route::pin, request, announce);
    }
}

} // namespace secondwind::admin
