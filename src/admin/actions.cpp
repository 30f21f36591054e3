#include "actions.hpp"

#include "access.hpp"
#include "action_replies.hpp"
#include "action_requests.hpp"
#include "api_json.hpp"
#include "search_fields.hpp"
#include "settings_actions.hpp"
#include "status_documents.hpp"
#include <secondwind/base/escape.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/policy/lab_results.hpp>

#include <nlohmann/json.hpp>

#include <exception>
#include <utility>

namespace secondwind::admin {

namespace {

// Has the same list as a success, next to the error.
reply host_failed(std::string_view message, json unloaded) {
    auto out = error_reply(502, "host_failed", message);
    auto document = json::parse(out.body);
    document["unloaded"] = std::move(unloaded);
    out.body = to_text(document);
    return out;
}

reply lab_at_work(std::string_view name) {
    return error_reply(409, "lab_at_work",
                       "A lab (secondwind lab) uses the host " + in_quotes(name) +
                           " alone, and what it has loaded is measured. Stop the lab, or try again "
                           "when it has given the host back: secondwind status shows that.");
}

std::string describe_drain(std::string const& host, bool on) {
    return on ? "The host " + host +
                    " gets no more requests than those that name it, or continue or unload what it "
                    "has. This lasts until \"secondwind undrain " +
                    host + "\" or a restart of secondwind; a reload does not change it."
              : "The host " + host + " gets requests again.";
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

std::string describe_failure(host::host const& host, std::string_view problem,
                             std::string_view error) {
    return std::string{"The host "}
        .append(host.name())
        .append(" ")
        .append(problem)
        .append(": ")
        .append(error)
        .append(". Check that LM Studio is running at ")
        .append(config::to_string(host.pool.upstream()))
        .append(", and try again.");
}

// What LM Studio or this proxy said, in a sentence.
std::string why_not_loaded(std::string const& model, own_answer const& answer) {
    auto const text = in_quotes(model) + " was not loaded: ";
    if (!answer.error.empty())
        return text + answer.error + ".";
    auto const document = json::parse(answer.body, nullptr, false);
    auto const error = document.is_object() ? document.find("error") : document.end();
    std::string said;
    if (document.is_object() && error != document.end()) {
        if (error->is_string())
            said = error->get<std::string>();
        else if (error->is_object())
            said = error->value("message", "");
    }
    return text + "status " + std::to_string(answer.status) + (said.empty() ? "." : ", " + said) +
           " GET /api/hosts lists the models of the host.";
}

} // namespace

reply no_such_host(std::string_view name) {
    return error_reply(404, "not_found",
                       "There is no host " + in_quotes(name) +
                           ". `secondwind models` and GET /api/hosts list the hosts.");
}

// While it exists, no other action unloads from the host.
class actions::unload_turn {
public:
    explicit unload_turn(host::host& host) noexcept : host_{host} { host_.unloading = true; }
    unload_turn(unload_turn const&) = delete;
    unload_turn& operator=(unload_turn const&) = delete;
    ~unload_turn() {
        host_.unloading = false;
        host_.unloaded.open();
    }

private:
    host::host& host_;
};

net::task<reply> actions::run(destination destination, request request) {
    if (!sources_.settings->admin.allow_actions)
        co_return actions_disabled();
    switch (destination.route) {
    case route::unload:
        co_return co_await unload(std::move(destination.argument), std::move(request));
    case route::drain:
        co_return drain(destination.argument, true, request);
    case route::undrain:
        co_return drain(destination.argument, false, request);
    case route::results:
        co_return keep_results(destination.argument, request);
    case route::load:
        co_return co_await load(std::move(destination.argument), std::move(request));
    case route::try_it: // with actions allowed, the connection streams it
        co_return bad_request("This path has no parameters.");
    case route::recovery_mode:
    case route::recovery_evict:
    case route::pin:
    case route::unpin:
        co_return change_settings(sources_, destination.route, request, announce_);
    case route::cancel:
        co_return cancel(destination.argument, request);
    default:
        co_return reload(request);
    }
}

net::task<reply> actions::unload(std::string name, request request) {
    auto const host = sources_.hosts.find(name);
    if (!host)
        co_return no_such_host(name);
    unload_request wanted;
    if (auto const error = read_action(request.body, wanted); !error.empty())
        co_return bad_request(error);
    while (host->unloading) {
        net::gate::waiter until{host->unloaded};
        co_await until;
    }
    if (host->recovery.lease.held())
        co_return lab_at_work(name);
    unload_turn const turn{*host};
    std::string error;
    try {
        co_return co_await unload_from(*host, std::move(wanted.instance_id));
    } catch (std::exception const& e) {
        error = e.what();
    }
    co_return host_failed(describe_failure(*host, "could not be reached", error), json::array());
}

// As a request of a client, so that it makes room for the model as any other does.
net::task<reply> actions::load(std::string name, request request) {
    if (!sources_.hosts.find(name))
        co_return no_such_host(name);
    load_request wanted;
    if (auto const error = read_action(request.body, wanted); !error.empty())
        co_return bad_request(error);
    json body{{"model", wanted.model}};
    if (wanted.context_length > 0)
        body["context_length"] = wanted.context_length;
    own_request asked{"/api/v1/models/load", to_text(body), name, {}};
    own_answer answer{0, {}, "there is no listener for clients"};
    if (sources_.ask_listener)
        answer = co_await sources_.ask_listener(std::move(asked));
    auto const document = json::parse(answer.body, nullptr, false);
    bool const loaded = answer.error.empty() && answer.status == 200 && document.is_object();
    log::write(loaded ? log::level::info : log::level::warn, "manual_load",
               {{"host", name},
                {"model", wanted.model},
                {"context_length", wanted.context_length},
                {"status", answer.status},
                {"error", answer.error}});
    if (auto const host = sources_.hosts.find(name))
        co_await host->view.refresh(std::chrono::milliseconds{0});
    if (!loaded)
        co_return error_reply(502, "not_loaded", why_not_loaded(wanted.model, answer));
    auto const seconds = document.find("load_time_seconds");
    auto const id = document.find("instance_id");
    bool const named = id != document.end() && id->is_string();
    bool const timed = seconds != document.end() && seconds->is_number();
    co_return document_reply({{"loaded", named ? id->get<std::string>() : wanted.model},
                              {"seconds", timed ? *seconds : json(nullptr)}});
}

net::task<reply> actions::unload_from(host::host& host, std::string instance_id) {
    std::vector<std::string> ids{instance_id};
    if (instance_id.empty()) {
        auto const listing = co_await host.observed.list({});
        if (!listing.instances)
            co_return host_failed(describe_failure(host, "did not list its models", listing.error),
                                  json::array());
        ids.clear();
        for (auto const& each : *listing.instances)
            ids.push_back(each.id);
    }
    auto unloaded = json::array();
    std::string failure;
    for (auto const& id : ids) {
        auto const result = co_await host.observed.unload(id, {});
        bool const refused = result.result == lmstudio::unload_result::refused;
        std::string const error = refused ? result.error : "";
        log::write(refused ? log::level::warn : log::level::info, "manual_unload",
                   {{"host", host.name()},
                    {"instance", id},
                    {"result", name_of(result.result)},
                    {"error", error}});
        unloaded.push_back({{"id", id}, {"result", name_of(result.result)}, {"error", error}});
        if (refused && failure.empty())
            failure = describe_failure(host, "did not unload " + in_quotes(id), error);
    }
    co_await host.view.refresh(std::chrono::milliseconds{0});
    if (failure.empty())
        co_return document_reply({{"unloaded", std::move(unloaded)}});
    co_return host_failed(failure, std::move(unloaded));
}

reply actions::drain(std::string_view name, bool on, request const& request) {
    auto const host = sources_.hosts.find(name);
    if (!host)
        return no_such_host(name);
    if (auto const error = read_empty_action(request.body); !error.empty())
        return bad_request(error);
    auto const left = exchanges_on(sources_.exchanges, host->name());
    if (host->view.draining() != on) {
        host->view.drain(on);
        log::write(log::level::info, on ? "host_drains" : "host_undrained",
                   {{"host", host->name()}, {"exchanges", left}});
    }
    return document_reply({{"host", host->name()},
                           {"draining", on},
                           {"exchanges", left},
                           {"note", describe_drain(host->name(), on)}});
}

reply actions::keep_results(std::string_view name, request const& request) {
    auto const host = sources_.hosts.find(name);
    if (!host)
        return no_such_host(name);
    auto document = policy::parse_lab_document(request.body);
    if (!document.error.empty())
        return bad_request("The results were not taken: " + document.error + ".");
    auto const models = document.results.size();
    host->recovery.use_lab_results(std::move(document.results));
    auto const error = sources_.keep_results(host->name(), request.body);
    if (!error.empty())
        return error_reply(
            500, "not_kept",
            "The results are in use until the next restart, and were not written: " + error + ".");
    log::write(log::level::info, "lab_results", {{"host", host->name()}, {"models", models}});
    return document_reply({{"host", host->name()}, {"models", models}});
}

reply actions::cancel(std::string_view number, request const& request) {
    if (auto const error = read_empty_action(request.body); !error.empty())
        return bad_request(error);
    auto const wanted = whole_number(number);
    for (auto& each : sources_.exchanges) {
        if (each.number() != wanted)
            continue;
        each.cancel("cancelled by an operator");
        return document_reply({{"cancelled", *wanted}});
    }
    return error_reply(404, "not_found",
                       "There is no request in flight with the number " + in_quotes(number) +
                           ". It may have ended; `secondwind status` and GET /api/status list "
                           "those in flight.");
}

reply actions::reload(request const& request) {
    if (auto const error = read_empty_action(request.body); !error.empty())
        return bad_request(error);
    auto const result = sources_.reload();
    if (!result.error.empty())
        return error_reply(422, "config_invalid", result.error);
    if (!result.changed.empty())
        announce_(result.changed);
    return document_reply({{"reloaded", true}, {"changed", result.changed}});
}

} // namespace secondwind::admin
