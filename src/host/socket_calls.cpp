#include <secondwind/host/socket_calls.hpp>

#include <secondwind/base/escape.hpp>

#include <algorithm>
#include <cstddef>
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

template<class Item>
listed<Item> read_list(socket_reply got, std::string_view path, std::string_view endpoint,
                       parse_list<Item> parse) {
    listed<Item> out;
    out.failure = std::move(got.failure);
    if (out.failure)
        return out;
    if (auto parsed = parse(got.message)) {
        out.items = std::move(*parsed);
        return out;
    }
    out.failure.kind = socket_fault::broken;
    out.failure.reason.append("the SDK's WebSocket ").append(path).append(": ");
    out.failure.reason.append(endpoint).append(" did not return a list");
    return out;
}

net::task<listed<lmstudio::listed_instance>> list_loaded(sdk_socket& over, std::string_view path) {
    auto got = co_await over.call("listLoaded", {});
    co_return read_list(std::move(got), path, "listLoaded", &lmstudio::parse_list_loaded);
}

// Calls an endpoint of the host itself that takes no parameter.
net::task<socket_reply> call_system(socket_host at, std::string_view endpoint) {
    sdk_socket over{at.env, at.pool, at.until};
    socket_reply out;
    out.failure = co_await over.open(std::string{system_path}, at.authorization);
    if (!out.failure)
        out = co_await over.call(std::string{endpoint}, {});
    co_return out;
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
    constexpr std::string_view endpoint = "listDownloadedModels";
    auto got = co_await call_system(std::move(at), endpoint);
    auto list = read_list(std::move(got), system_path, endpoint, &lmstudio::parse_list_downloaded);
    socket_downloads out;
    out.failure = std::move(list.failure);
    out.models = std::move(list.items);
    co_return out;
}

net::task<socket_version> version_over_socket(socket_host at) {
    auto got = co_await call_system(std::move(at), "version");
    socket_version out;
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

net::task<socket_description> load_config_over_socket(socket_host at, socket_instance of) {
    socket_description out;
    sdk_socket over{at.env, at.pool, at.until};
    out.failure = co_await over.open(std::string{of.path}, at.authorization);
    if (out.failure)
        co_return out;
    auto parameter = lmstudio::load_config_parameter(of.listed.instance.id, of.listed.reference);
    auto got = co_await over.call("getLoadConfig", std::move(parameter));
    out.failure = std::move(got.failure);
    if (out.failure)
        co_return out;
    if (auto config = lmstudio::parse_load_config(got.message))
        out.config = std::move(*config);
    else
        out.error = "getLoadConfig was refused: " + in_quotes(lmstudio::error_title(got.message));
    co_return out;
}

net::task<socket_loading> load_over_socket(socket_host at, lmstudio::load_description wanted,
                                           socket_load_limits limits, net::cancellation& by) {
    socket_loading out;
    auto const path = wanted.kind == lmstudio::model_kind::embedding ? embedding_path : llm_path;
    sdk_socket over{at.env, at.pool, at.until};
    net::cancellation::action const given_up{
        by, [&over, span = limits.cancel] { over.cancel_channel(span); }};
    if (by.requested())
        over.cancel_channel(limits.cancel);
    out.failure = co_await over.open(std::string{path}, at.authorization);
    if (out.failure)
        co_return out;
    auto listed = co_await list_loaded(over, path);
    out.failure = std::move(listed.failure);
    if (out.failure)
        co_return out;
    auto const same = std::ranges::find_if(listed.items, [&wanted](auto const& one) {
        return one.instance.id == wanted.id && one.instance.model == wanted.model;
    });
    if (same != listed.items.end()) {
        out.loaded = std::move(*same);
        co_return out;
    }
    if (!by.requested()) {
        if (limits.load)
            over.allow(*limits.load);
        else
            over.allow_any_time();
    }
    auto got = co_await over.run_channel("loadModel", lmstudio::load_parameter(wanted), "success");
    out.failure = std::move(got.failure);
    if (out.failure)
        co_return out;
    out.loaded = lmstudio::parse_loaded(got.message);
    if (!out.loaded)
        out.refusal = std::move(got.message);
    co_return out;
}

net::task<socket_activity>
activity_over_socket(socket_host at, std::chrono::milliseconds limit, std::string_view path,
                     std::optional<std::vector<lmstudio::listed_instance>> known) {
    socket_activity out;
    at.until = sdk_socket::clock::now() + limit;
    sdk_socket over{at.env, at.pool, at.until};
    out.failure = co_await over.open(std::string{path}, at.authorization);
    if (!out.failure && !known) {
        over.allow(limit);
        auto got = co_await list_loaded(over, path);
        out.failure = std::move(got.failure);
        known = std::move(got.items);
    }
    if (out.failure)
        co_return out;

    std::vector<std::string> parameters;
    for (auto const& each : *known) {
        parameters.push_back(lmstudio::state_parameter(each.instance.id, each.reference));
        out.told.push_back(each.instance);
    }
    over.allow(limit);
    auto got = co_await over.call_all("getInstanceProcessingState", std::move(parameters));
    out.failure = std::move(got.failure);
    // An instance that has gone meanwhile is an error, and stays unknown.
    for (std::size_t i = 0; i < out.told.size(); ++i)
        out.told[i].doing = lmstudio::parse_processing_state(got.messages[i]);
    co_return out;
}

} // namespace secondwind::host
