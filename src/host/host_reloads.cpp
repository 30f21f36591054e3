// The part of host_control that tells how instances were loaded, and loads them again.
#include <secondwind/host/host_control.hpp>

#include <secondwind/base/escape.hpp>

#include <functional>
#include <utility>

namespace secondwind::host {

std::string host_control::why_silent(socket_support const& support,
                                     std::string const& authorization) const {
    if (!asks_websocket())
        return "recovery.websocket_timeout is 0";
    auto const token = std::hash<std::string>{}(authorization);
    return support.due(token, env_.deadlines.now()) ? std::string{} : support.error();
}

net::task<recovery::control::references> host_control::list_references(std::string authorization) {
    references out;
    authorization = authorization_for(std::move(authorization));
    support_.forget_after_outage(pool_.connect_failures());
    out.error = why_silent(support_.llm, authorization);
    if (!out.error.empty())
        co_return out;
    socket_host const at{env_, pool_, std::move(authorization),
                         clock::now() + settings_->recovery.websocket_timeout};
    auto got = co_await list_over_socket(at);
    note(support_.llm, got.failure, at.authorization);
    if (got.failure) {
        out.error = error_of(got.failure, at.authorization);
        co_return out;
    }
    out.loaded.emplace();
    for (auto& [listed, path] : got.instances) {
        if (listed.instance.kind == lmstudio::model_kind::unknown)
            listed.instance.kind = path == embedding_path ? lmstudio::model_kind::embedding
                                                          : lmstudio::model_kind::llm;
        out.loaded->push_back(std::move(listed));
    }
    co_return out;
}

net::task<recovery::control::description> host_control::describe(lmstudio::listed_instance loaded,
                                                                 std::string authorization) {
    description out;
    authorization = authorization_for(std::move(authorization));
    support_.forget_after_outage(pool_.connect_failures());
    if (!loaded.instance.device.empty()) {
        out.error = "it is on another machine";
        co_return out;
    }
    bool const embeds = loaded.instance.kind == lmstudio::model_kind::embedding;
    auto& support = embeds ? support_.embedding : support_.llm;
    out.error = why_silent(support, authorization);
    if (!out.error.empty())
        co_return out;
    socket_host const at{env_, pool_, std::move(authorization),
                         clock::now() + settings_->recovery.websocket_timeout};
    socket_instance of{std::move(loaded), embeds ? embedding_path : llm_path};
    auto got = co_await load_config_over_socket(at, of);
    note(support, got.failure, at.authorization);
    out.error = got.failure ? error_of(got.failure, at.authorization) : std::move(got.error);
    if (!out.error.empty())
        co_return out;
    out.loaded_as = {std::move(of.listed.instance.id),
                     std::move(of.listed.instance.model),
                     of.listed.instance.kind,
                     std::move(of.listed.reference),
                     of.listed.ttl_ms,
                     std::move(got.config)};
    co_return out;
}

net::task<recovery::control::reload_answer>
host_control::load_again(lmstudio::load_description wanted, std::string authorization,
                         net::cancellation& by) {
    reload_answer out;
    auto const patience = settings_->recovery.websocket_timeout;
    if (!asks_websocket()) {
        out.error = "recovery.websocket_timeout is 0";
        co_return out;
    }
    socket_host const at{env_, pool_, authorization_for(std::move(authorization)),
                         clock::now() + patience};
    socket_load_limits const limits{std::nullopt, patience};
    auto got = co_await load_over_socket(at, std::move(wanted), limits, by);
    out.loaded = std::move(got.loaded);
    out.refusal = std::move(got.refusal);
    out.cancelled = by.requested() && !out.loaded;
    if (got.failure)
        out.error = error_of(got.failure, at.authorization);
    else if (!out.loaded)
        out.error = "the load was refused: " + in_quotes(lmstudio::error_title(out.refusal));
    co_return out;
}

} // namespace secondwind::host
