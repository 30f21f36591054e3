#include <secondwind/lmstudio/socket_calls.hpp>

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::lmstudio {

namespace {

struct listed {
    socket_failure failure;
    std::vector<listed_instance> instances;
};

socket_failure no_list_from(std::string_view endpoint, std::string_view path) {
    std::string why = "the SDK's WebSocket ";
    why.append(path).append(": ").append(endpoint).append(" gave no list");
    return {socket_fault::broken, std::move(why)};
}

net::task<listed> list_loaded(sdk_socket& over, std::string_view path) {
    listed out;
    auto got = co_await over.call("listLoaded", {});
    out.failure = std::move(got.failure);
    if (out.failure)
        co_return out;
    if (auto parsed = parse_list_loaded(got.message))
        out.instances = std::move(*parsed);
    else
        out.failure = no_list_from("listLoaded", path);
    co_return out;
}

} // namespace

net::task<socket_listing> list_over_socket(socket_host at) {
    socket_listing out;
    for (auto const path : {llm_path, embedding_path}) {
        sdk_socket over{at.env, at.where, at.until};
        out.failure = co_await over.open(std::string{path}, at.authorization);
        if (out.failure)
            co_return out;
        auto got = co_await list_loaded(over, path);
        out.failure = std::move(got.failure);
        if (out.failure)
            co_return out;
        for (auto& each : got.instances)
            out.instances.push_back({std::move(each), path});
    }
    co_return out;
}

net::task<socket_downloads> downloads_over_socket(socket_host at) {
    socket_downloads out;
    sdk_socket over{at.env, at.where, at.until};
    out.failure = co_await over.open("/system", at.authorization);
    if (out.failure)
        co_return out;
    auto got = co_await over.call("listDownloadedModels", {});
    out.failure = std::move(got.failure);
    if (out.failure)
        co_return out;
    if (auto parsed = parse_list_downloaded(got.message))
        out.models = std::move(*parsed);
    else
        out.failure = no_list_from("listDownloadedModels", "/system");
    co_return out;
}

net::task<socket_unloading> unload_over_socket(socket_host at, std::string instance_id,
                                               std::string_view path) {
    socket_unloading out;
    auto const parameter = unload_parameter(instance_id);
    for (auto const each : {llm_path, embedding_path}) {
        if (!path.empty() && each != path)
            continue;
        sdk_socket over{at.env, at.where, at.until};
        out.failure = co_await over.open(std::string{each}, at.authorization);
        if (out.failure)
            co_return out;
        auto got = co_await over.call("unloadModel", parameter);
        out.failure = std::move(got.failure);
        if (out.failure)
            co_return out;
        out.result = parse_unload_reply(got.message);
        if (out.result == unload_result::refused)
            out.why_not = "the unload was refused: " + in_quotes(error_title(got.message));
        if (out.result != unload_result::not_found)
            co_return out;
    }
    co_return out;
}

net::task<socket_activity> activity_over_socket(socket_host at, std::string_view path,
                                                policy::inventory loaded,
                                                std::optional<std::vector<listed_instance>> known) {
    socket_activity out;
    out.instances = std::move(loaded);
    sdk_socket over{at.env, at.where, at.until};
    out.failure = co_await over.open(std::string{path}, at.authorization);
    if (!out.failure && !known) {
        auto got = co_await list_loaded(over, path);
        out.failure = std::move(got.failure);
        known = std::move(got.instances);
    }
    if (out.failure)
        co_return out;

    std::vector<std::pair<policy::instance*, std::string>> asked;
    for (auto const& [instance, reference] : *known) {
        auto const mine = std::ranges::find(out.instances, instance.id, &policy::instance::id);
        if (mine == out.instances.end())
            continue;
        if (instance.last_used_ms != 0)
            mine->last_used_ms = instance.last_used_ms;
        asked.emplace_back(&*mine, reference);
    }
    out.found = asked.size();
    for (auto const& [instance, reference] : asked) {
        auto parameter = state_parameter(instance->id, reference);
        auto const got = co_await over.call("getInstanceProcessingState", std::move(parameter));
        if (got.failure) {
            out.failure = got.failure;
            co_return out;
        }
        // An instance that has gone meanwhile is an error, and stays unknown.
        instance->doing = parse_processing_state(got.message);
    }
    co_return out;
}

} // namespace secondwind::lmstudio
