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

// Calls an endpoint of the open socket that takes nothing and answers with a list.
template<class Item>
net::task<listed<Item>> ask_for_list(sdk_socket& over, std::string_view path,
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
    out.failure.what = socket_fault::broken;
    out.failure.why.append("the SDK's WebSocket ").append(path).append(": ");
    out.failure.why.append(endpoint).append(" gave no list");
    co_return out;
}

net::task<listed<lmstudio::listed_instance>> list_loaded(sdk_socket& over, std::string_view path) {
    return ask_for_list(over, path, "listLoaded", &lmstudio::parse_list_loaded);
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
        for (auto& each : got.items)
            out.instances.push_back({std::move(each), path});
    }
    co_return out;
}

net::task<socket_downloads> downloads_over_socket(socket_host at) {
    socket_downloads out;
    sdk_socket over{at.env, at.where, at.until};
    out.failure = co_await over.open(std::string{system_path}, at.authorization);
    if (out.failure)
        co_return out;
    auto got = co_await ask_for_list(over, system_path, "listDownloadedModels",
                                     &lmstudio::parse_list_downloaded);
    out.failure = std::move(got.failure);
    out.models = std::move(got.items);
    co_return out;
}

net::task<socket_version> version_over_socket(socket_host at) {
    socket_version out;
    sdk_socket over{at.env, at.where, at.until};
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
        out.failure.what = socket_fault::broken;
        out.failure.why = "the SDK's WebSocket /system: version gave none";
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
        sdk_socket over{at.env, at.where, at.until};
        out.failure = co_await over.open(std::string{each}, at.authorization);
        if (out.failure)
            co_return out;
        auto got = co_await over.call("unloadModel", parameter);
        out.failure = std::move(got.failure);
        if (out.failure)
            co_return out;
        out.result = lmstudio::parse_unload_reply(got.message);
        if (out.result == lmstudio::unload_result::refused)
            out.why_not =
                "the unload was refused: " + in_quotes(lmstudio::error_title(got.message));
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
    sdk_socket over{at.env, at.where, at.until};
    out.failure = co_await over.open(std::string{path}, at.authorization);
    if (!out.failure && !known) {
        auto got = co_await list_loaded(over, path);
        out.failure = std::move(got.failure);
        known = std::move(got.items);
    }
    if (out.failure)
        co_return out;

    std::vector<std::pair<lmstudio::instance*, std::string>> asked;
    for (auto const& [instance, reference] : *known) {
        auto const mine = std::ranges::find(out.instances, instance.id, &lmstudio::instance::id);
        if (mine == out.instances.end())
            continue;
        if (instance.last_used_ms != 0)
            mine->last_used_ms = instance.last_used_ms;
        asked.emplace_back(&*mine, reference);
    }
    out.found = asked.size();
    for (auto const& [instance, reference] : asked) {
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
