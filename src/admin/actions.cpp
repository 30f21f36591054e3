#include "api.hpp"

#include "documents.hpp"
#include "orders.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/base/log.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <exception>
#include <utility>

namespace secondwind::admin {

namespace {

reply done(json const& what) {
    reply out;
    out.body = text_of(what);
    return out;
}

reply bad_request(std::string_view complaint) {
    return error_reply(400, "bad_request", complaint);
}

// The same list as of a success stands beside the error.
reply host_failed(std::string_view message, json unloaded) {
    auto out = error_reply(502, "host_failed", message);
    auto document = json::parse(out.body);
    document["unloaded"] = std::move(unloaded);
    out.body = text_of(document);
    return out;
}

std::string_view name_of(lmstudio::unload_result result) noexcept {
    switch (result) {
    case lmstudio::unload_result::unloaded:
        return "unloaded";
    case lmstudio::unload_result::not_found:
        return "not_found";
    case lmstudio::unload_result::refused:
        break;
    }
    return "refused";
}

// Why a host was of no use, as a sentence with what to do.
std::string failure(host::host const& host, std::string_view what, std::string_view why) {
    return std::string{"The host "}
        .append(host.name())
        .append(" ")
        .append(what)
        .append(": ")
        .append(why)
        .append(". See whether LM Studio runs at ")
        .append(config::to_string(host.pool.upstream()))
        .append(", and try again.");
}

} // namespace

// The right to unload from a host, for as long as it lives.
class api::turn {
public:
    explicit turn(host::host& of) noexcept : host_{of} { host_.unloading = true; }
    turn(turn const&) = delete;
    turn& operator=(turn const&) = delete;
    ~turn() {
        host_.unloading = false;
        host_.unloaded.open();
    }

private:
    host::host& host_;
};

net::task<reply> api::act(destination where, request asked) {
    if (!subject_.settings.admin.allow_actions)
        co_return error_reply(403, "actions_disabled",
                              "Actions are switched off; set admin.allow_actions to true in the "
                              "configuration to allow them.");
    switch (where.what) {
    case route::unload:
        co_return co_await unload(std::move(where.argument), std::move(asked));
    case route::recovery_mode:
        co_return switch_mode(asked);
    case route::cancel:
        co_return cancel(where.argument, asked);
    default:
        co_return reload(asked);
    }
}

net::task<reply> api::unload(std::string name, request asked) {
    auto const host = subject_.hosts.find(name);
    if (!host)
        co_return error_reply(404, "not_found",
                              "There is no host " + in_quotes(name) +
                                  "; GET /api/hosts lists those that there are.");
    unload_order order;
    if (auto const complaint = read_order(asked.body, order); !complaint.empty())
        co_return bad_request(complaint);
    while (host->unloading) {
        net::gate::waiter until{host->unloaded};
        co_await until;
    }
    turn const mine{*host};
    std::string went_wrong;
    try {
        co_return co_await unload_from(*host, std::move(order.instance_id));
    } catch (std::exception const& e) {
        went_wrong = e.what();
    }
    co_return host_failed(failure(*host, "could not be asked", went_wrong), json::array());
}

net::task<reply> api::unload_from(host::host& host, std::string instance_id) {
    std::vector<std::string> ids{instance_id};
    if (instance_id.empty()) {
        auto const listed = co_await host.observed.list({});
        if (!listed.instances)
            co_return host_failed(failure(host, "did not list its models", listed.error),
                                  json::array());
        ids.clear();
        for (auto const& each : *listed.instances)
            ids.push_back(each.id);
    }
    auto unloaded = json::array();
    std::string refusal;
    for (auto const& id : ids) {
        auto const one = co_await host.observed.unload(id, {});
        bool const refused = one.result == lmstudio::unload_result::refused;
        log::write(refused ? log::level::warn : log::level::info, "manual_unload",
                   {{"host", host.name()},
                    {"instance", id},
                    {"result", name_of(one.result)},
                    {"error", refused ? one.error : ""}});
        unloaded.push_back(
            {{"id", id}, {"result", name_of(one.result)}, {"error", refused ? one.error : ""}});
        if (refused && refusal.empty())
            refusal = failure(host, "did not unload " + in_quotes(id), one.error);
    }
    co_await host.view.refresh(std::chrono::milliseconds{0});
    if (refusal.empty())
        co_return done({{"unloaded", std::move(unloaded)}});
    co_return host_failed(refusal, std::move(unloaded));
}

// The settings are read wherever they matter, so it holds from the next decision on.
reply api::switch_mode(request const& asked) {
    mode_order order;
    if (auto const complaint = read_order(asked.body, order); !complaint.empty())
        return bad_request(complaint);
    auto& recovery = subject_.settings.recovery;
    bool const differs = recovery.mode != order.mode;
    recovery.mode = order.mode;
    auto const name = recovery_settings_document(recovery).at("mode").get<std::string>();
    if (differs) {
        log::write(log::level::info, "recovery_mode_changed", {{"mode", name}});
        announce_({"recovery.mode"});
    }
    return done({{"mode", name}});
}

reply api::cancel(std::string_view number, request const& asked) {
    if (auto const complaint = read_empty_order(asked.body); !complaint.empty())
        return bad_request(complaint);
    std::uint64_t wanted = 0;
    auto const* const end = number.data() + number.size();
    auto const [stop, error] = std::from_chars(number.data(), end, wanted);
    if (error == std::errc{} && stop == end) {
        for (auto& each : subject_.exchanges) {
            if (each.number() != wanted)
                continue;
            each.cancel("cancelled by an operator");
            return done({{"cancelled", wanted}});
        }
    }
    return error_reply(404, "not_found",
                       "There is no exchange with the number " + in_quotes(number) +
                           "; it may have ended, and GET /api/status lists those that run.");
}

reply api::reload(request const& asked) {
    if (auto const complaint = read_empty_order(asked.body); !complaint.empty())
        return bad_request(complaint);
    auto const result = subject_.reload();
    if (!result.error.empty())
        return error_reply(422, "config_invalid", result.error);
    if (!result.changed.empty())
        announce_(result.changed);
    return done({{"reloaded", true}, {"changed", result.changed}});
}

} // namespace secondwind::admin
