#include <secondwind/host/socket_calls.hpp>

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace secondwind::host {

namespace {

template<class Item>
using parse_list = std::optional<std::vector<Item>> (*)(std::string_view message);

template<class Item>
struct listed {
    socket_failure failure;
    std::vector<Item> items;
};

// Calls an endpoint that takes no parameter and returns a list.
template<class Item>
net::task<listed<Item>> call_for_list(sdk_socket& over, std::string_view path,
                                      std::string_view endpoint, parse_list<Item> parse) {
    listed<Item> out;
    auto got = co_await over.call(std::string{endpoint}, {});
    out.failure = std::move(got.failure);
    if (out.failure)
        co_return out;
    if (auto parsed = parse(got.message)) {
        out.items = std::move(*parsed);
        co_return out;
    }
    out.failure.kind = socket_fault::broken;
    out.failure.reason.append("the SDK's WebSocket ").append(path).append(": ");
    out.failure.reason.append(endpoint).append(" did not return a list");
    co_return out;
}

net::task<listed<lmstudio::listed_instance>> list_loaded(sdk_socket& over, std::string_view path) {
    return call_for_list(over, path, "listLoaded", &lmstudio::parse_list_loaded);
}

} // namespace

net::task<socket_listing> list_over_socket(socket_host at) {
    socket_listing out;
    for (auto const path : {llm_path, embedding_path}) {
        sdk_socket over{at.env, at.pool, at.until};
        out.failure = co_await over.open(std::string{path}, at.authorization);
        if (out.failure)
            co_return out;
        auto got = co_await list_loaded(over, path);
        out.failure = std::move(got.failure);
        if (out.failure)
            co_return out;
        for (auto& each : got.items)
            out.instances.push_back({std::move(each), path});
    }
    co_return out;
}

net::task<socket_downloads> downloads_over_socket(socket_host at) {
    socket_downloads out;
    sdk_socket over{at.env, at.pool, at.until};
    out.failure = co_await over.open(std::string{system_path}, at.authorization);
    if (out.failure)
        co_return out;
    auto got = co_await call_for_list(over, system_path, "listDownloadedModels",
                                      &lmstudio::parse_list_downloaded);
    out.failure = std::move(got.failure);
    out.models = std::move(got.items);
    co_return out;
}

net::task<socket_version> version_over_socket(socket_host at) {
    socket_version out;
    sdk_socket over{at.env, at.pool, at.until};
    out.failure = co_await over.open(std::string{system_path}, at.authorization);
    if (out.failure)
        co_return out;
    auto got = co_await over.call("version", {});
    out.failure = std::move(got.failure);
    if (out.failure)
        co_return out;
    if (auto version = lmstudio::parse_version(got.message)) {
        out.version = std::move(*version);
    } else {
        out.failure.kind = socket_fault::broken;
        out.failure.reason = "the SDK's WebSocket /system: version returned no version number";
    }
    co_return out;
}

net::task<socket_unloading> unload_over_socket(socket_host at, std::string instance_id,
                                               std::string_view path) {
    socket_unloading out;
    auto const parameter = lmstudio::unload_parameter(instance_id);
    for (auto const each : {llm_path, embedding_path}) {
        if (!path.empty() && each != path)
            continue;
        sdk_socket over{at.env, at.pool, at.until};
        out.failure = co_await over.open(std::string{each}, at.authorization);
        if (out.failure)
            co_return out;
        auto got = co_await over.call("unloadModel", parameter);
        out.failure = std::move(got.failure);
        if (out.failure)
            co_return out;
        out.result = lmstudio::parse_unload_reply(got.message);
        if (out.result == lmstudio::unload_result::refused)
            out.error = "the unload was refused: " + in_quotes(lmstudio::error_title(got.message));
        if (out.result != lmstudio::unload_result::not_found)
            co_return out;
    }
    co_return out;
}

net::task<socket_activity>
activity_over_socket(socket_host at, std::string_view path, lmstudio::inventory loaded,
                     std::optional<std::vector<lmstudio::listed_instance>> known) {
    socket_activity out;
    out.instances = std::move(loaded);
    sdk_socket over{at.env, at.pool, at.until};
    out.failure = co_await over.open(std::string{path}, at.authorization);
    if (!out.failure && !known) {
        auto got = co_await list_loaded(over, path);
        out.failure = std::move(got.failure);
        known = std::move(got.items);
    }
    if (out.failure)
        co_return out;

    std::vector<std::pair<lmstudio::instance*, std::string>> listed_ones;
    for (auto const& [instance, reference] : *known) {
        auto const mine = std::ranges::find(out.instances, instance.id, &lmstudio::instance::id);
        if (mine == out.instances.end())
            continue;
        if (instance.last_used_ms != 0)
            mine->last_used_ms = instance.last_used_ms;
        listed_ones.emplace_back(&*mine, reference);
    }
    out.found = listed_ones.size();
    for (auto const& [instance, reference] : listed_ones) {
        auto parameter = lmstudio::state_parameter(instance->id, reference);
        auto const got = co_await over.call("getInstanceProcessingState", std::move(parameter));
        if (got.failure) {
            out.failure = got.failure;
            co_return out;
        }
        // An instance that has gone meanwhile is an error, and stays unknown.
        instance->doing = lmstudio::parse_processing_state(got.message);
    }
    co_return out;
}

} // namespace secondwind::host
