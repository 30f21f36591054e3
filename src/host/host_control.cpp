#include <secondwind/host/host_control.hpp>

#include "rest_calls.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace secondwind::host {

namespace {

using clock = sdk_socket::clock;

// The time left; at least a millisecond, because zero would mean no limit.
std::chrono::milliseconds left_until(clock::time_point until) {
    using std::chrono::milliseconds;
    return std::max(std::chrono::ceil<milliseconds>(until - clock::now()), milliseconds{1});
}

std::size_t hash(std::string const& authorization) noexcept {
    return std::hash<std::string>{}(authorization);
}

recovery::contact contact_of(socket_fault kind) noexcept {
    switch (kind) {
    case socket_fault::unreachable:
        return recovery::contact::unreachable;
    case socket_fault::no_answer:
    case socket_fault::cut:
        return recovery::contact::no_answer;
    case socket_fault::cancelled:
        return recovery::contact::none;
    case socket_fault::none:
    case socket_fault::refused:
    case socket_fault::rejected:
    case socket_fault::unknown_call:
    case socket_fault::broken:
        break;
    }
    return recovery::contact::answered;
}

} // namespace

// One listing over one of the two interfaces.
struct host_control::attempt {
    recovery::control::listing listing;
    bool try_other = false; // its failure says nothing about the other interface
};

net::task<recovery::control::listing> host_control::list(std::string authorization) {
    auto const until = clock::now() + settings_->recovery.list_timeout;
    authorization = authorization_for(std::move(authorization));
    support_.forget_after_outage(pool_.connect_failures());

    bool const rest_first = support_.listing_api != api::websocket;
    std::string error;
    auto reached = recovery::contact::none;
    for (bool const rest : {rest_first, !rest_first}) {
        std::optional<attempt> tried;
        if (rest)
            tried = co_await try_rest(authorization, until);
        else
            tried = co_await try_socket(authorization, until);
        if (tried->listing.instances) {
            support_.listing_api = rest ? api::rest : api::websocket;
            co_return std::move(tried->listing);
        }
        // A host that answers over one interface counts as one that answers.
        if (reached != recovery::contact::answered ||
            tried->listing.reached != recovery::contact::no_answer)
            reached = tried->listing.reached;
        if (!error.empty())
            error += "; ";
        error += tried->listing.error;
        if (!tried->try_other)
            break;
        support_.listing_api = api::unknown;
        if (clock::now() >= until)
            break;
    }
    listing out;
    out.error = std::move(error);
    out.reached = reached;
    co_return out;
}

net::task<host_control::attempt> host_control::try_rest(std::string authorization,
                                                        clock::time_point until) {
    auto got = co_await list_over_rest(env_, pool_, authorization, left_until(until));
    attempt out;
    out.listing.reached = got.reached;
    if (got.result == rest_result::answered) {
        out.listing.instances = std::move(got.found.loaded);
        out.listing.unloaded = std::move(got.found.unloaded);
    } else {
        out.try_other = got.result == rest_result::unknown_api;
        out.listing.error = got.result == rest_result::unauthorised ? token_advice(authorization)
                                                                    : std::move(got.error);
    }
    co_return out;
}

net::task<host_control::attempt> host_control::try_socket(std::string authorization,
                                                          clock::time_point until) {
    socket_host at{env_, pool_, std::move(authorization), until};
    attempt out;
    auto got = co_await list_over_socket(at);
    out.listing.reached = contact_of(got.failure.kind);
    if (got.failure) {
        out.try_other = got.failure.kind != socket_fault::unreachable &&
                        got.failure.kind != socket_fault::cancelled;
        out.listing.error = error_of(got.failure, at.authorization);
        co_return out;
    }
    listed_ = std::move(got.instances);
    out.listing.instances.emplace();
    for (auto const& each : listed_)
        out.listing.instances->push_back(each.listed.instance);
    if (support_.lists_downloads) {
        auto const loaded = *out.listing.instances;
        out.listing.unloaded = co_await unloaded_models(std::move(at));
        std::erase_if(out.listing.unloaded, [&loaded](lmstudio::model_on_disk const& model) {
            return std::ranges::find(loaded, model.key, &lmstudio::instance::model) != loaded.end();
        });
    }
    co_return out;
}

// The listing does not depend on it, so it gets less time.
net::task<std::vector<lmstudio::model_on_disk>> host_control::unloaded_models(socket_host at) {
    at.until = std::min(at.until, clock::now() + settings_->recovery.websocket_timeout);
    auto got = co_await downloads_over_socket(std::move(at));
    if (got.failure && got.failure.kind != socket_fault::cut &&
        got.failure.kind != socket_fault::cancelled)
        support_.lists_downloads = false;
    co_return std::move(got.models);
}

net::task<recovery::control::unloading> host_control::unload(std::string instance_id,
                                                             std::string authorization) {
    auto const until = clock::now() + settings_->recovery.unload_timeout;
    authorization = authorization_for(std::move(authorization));
    support_.forget_after_outage(pool_.connect_failures());
    unloading out;
    if (support_.listing_api != api::websocket) {
        auto got = co_await unload_over_rest(env_, pool_, instance_id, authorization,
                                             settings_->recovery.unload_timeout);
        out.result = got.unload;
        if (got.result == rest_result::unauthorised)
            out.error = token_advice(authorization);
        else if (got.result != rest_result::answered)
            out.error = std::move(got.error);
        if (got.result != rest_result::unknown_api)
            co_return out;
        support_.listing_api = api::unknown;
    }

    socket_host at{env_, pool_, std::move(authorization), until};
    auto const path = path_of(instance_id);
    auto got = co_await unload_over_socket(at, std::move(instance_id), path);
    out.result = got.failure ? lmstudio::unload_result::refused : got.result;
    out.error = got.failure ? error_of(got.failure, at.authorization) : std::move(got.error);
    co_return out;
}

net::task<lmstudio::inventory> host_control::with_activity(lmstudio::inventory loaded,
                                                           std::string authorization) {
    authorization = authorization_for(std::move(authorization));
    support_.forget_after_outage(pool_.connect_failures());
    bool const asks =
        settings_->recovery.websocket_timeout > settings_->recovery.websocket_timeout.zero();
    if (!asks || loaded.empty() || !support_.supports_activity(hash(authorization)))
        co_return loaded;

    socket_host const at{env_, pool_, std::move(authorization),
                         clock::now() + settings_->recovery.websocket_timeout};
    std::size_t found = 0;
    for (auto const path : {llm_path, embedding_path}) {
        if (found >= loaded.size())
            break;
        // A listing over the WebSocket already has the instances.
        std::optional<std::vector<lmstudio::listed_instance>> known;
        if (support_.listing_api == api::websocket) {
            known.emplace();
            for (auto const& each : listed_)
                if (each.path == path)
                    known->push_back(each.listed);
            if (known->empty())
                continue;
        }
        auto got = co_await activity_over_socket(at, path, loaded, std::move(known));
        loaded = std::move(got.instances);
        found += got.found;
        if (got.failure) {
            note(got.failure, at.authorization, &api_support::no_activity);
            break;
        }
    }
    co_return loaded;
}

net::task<std::optional<std::string>> host_control::version() {
    std::optional<std::string> version;
    auto authorization = authorization_for({});
    support_.forget_after_outage(pool_.connect_failures());
    bool const asks =
        settings_->recovery.websocket_timeout > settings_->recovery.websocket_timeout.zero();
    if (!asks || !support_.supports_version(hash(authorization)))
        co_return version;

    socket_host const at{env_, pool_, std::move(authorization),
                         clock::now() + settings_->recovery.websocket_timeout};
    auto got = co_await version_over_socket(at);
    if (got.failure)
        note(got.failure, at.authorization, &api_support::no_version);
    else
        version = std::move(got.version);
    co_return version;
}

// A connection that cannot be made, or is cut, says nothing about what the host supports.
void host_control::note(socket_failure const& failure, std::string const& authorization,
                        void (api_support::*never)() noexcept) noexcept {
    switch (failure.kind) {
    case socket_fault::rejected:
        support_.rejects(hash(authorization));
        break;
    case socket_fault::refused:
    case socket_fault::unknown_call:
    case socket_fault::no_answer:
    case socket_fault::broken:
        (support_.*never)();
        break;
    case socket_fault::none:
    case socket_fault::unreachable:
    case socket_fault::cut:
    case socket_fault::cancelled:
        break;
    }
}

std::string host_control::authorization_for(std::string of_the_request) const {
    auto const& token = pool_.upstream().api_token;
    return token.empty() ? std::move(of_the_request) : "Bearer " + token;
}

std::string host_control::token_advice(std::string_view authorization) const {
    if (!pool_.upstream().api_token.empty())
        return "it refused the token in upstreams[].api_token (check that LM Studio's settings "
               "still list it)";
    if (!authorization.empty())
        return "it refused the token that came with the request (set upstreams[].api_token to one "
               "that it accepts)";
    return "it requires an API token (set upstreams[].api_token, or send one with each request)";
}

std::string host_control::error_of(socket_failure const& failure,
                                   std::string_view authorization) const {
    return failure.kind == socket_fault::rejected ? token_advice(authorization) : failure.reason;
}

std::string_view host_control::path_of(std::string_view instance_id) const noexcept {
    auto const at = std::ranges::find(
        listed_, instance_id,
        [](socket_instance const& each) -> std::string const& { return each.listed.instance.id; });
    return at == listed_.end() ? std::string_view{} : at->path;
}

net::task<recovery::control::listing> observed_control::list(std::string authorization) {
    auto got = co_await control_.list(std::move(authorization));
    view_.note(got);
    co_return got;
}

net::task<lmstudio::inventory> observed_control::with_activity(lmstudio::inventory loaded,
                                                               std::string authorization) {
    auto got = co_await control_.with_activity(std::move(loaded), std::move(authorization));
    view_.note(got);
    co_return got;
}

} // namespace secondwind::host
