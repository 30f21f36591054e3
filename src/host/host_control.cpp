#include <secondwind/host/host_control.hpp>

#include "rest_calls.hpp"

#include <secondwind/net/gate.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
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
        out.forbidden = got.result == rest_result::unauthorised;
        if (out.forbidden)
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
    out.forbidden = got.failure.kind == socket_fault::rejected;
    out.error = got.failure ? error_of(got.failure, at.authorization) : std::move(got.error);
    co_return out;
}

// The namespaces that are asked at once.
struct host_control::inquiry {
    inquiry(net::asio::io_context& io, std::string a) : authorization{std::move(a)}, answered{io} {}

    std::string authorization;
    lmstudio::inventory told;
    std::size_t left = 0;
    net::gate answered;
};

net::task<lmstudio::inventory> host_control::with_activity(lmstudio::inventory loaded,
                                                           std::string authorization) {
    support_.forget_after_outage(pool_.connect_failures());
    if (loaded.empty())
        co_return loaded;

    inquiry all{env_.io, authorization_for(std::move(authorization))};
    busy_state state;
    if (!asks_websocket()) {
        state.reason = "recovery.websocket_timeout is 0";
        observer_(state);
        co_return loaded;
    }
    auto const token = hash(all.authorization);
    auto const spaces = namespaces_of(loaded);
    for (auto const& space : spaces) {
        if (!space.support->due(token, env_.deadlines.now()))
            continue;
        ++all.left;
        net::spawn(ask_activity(all, *space.support, space.path, space.known));
    }
    while (all.left > 0) {
        net::gate::waiter until{all.answered};
        co_await until;
    }
    last_known_.complete(loaded, all.told, std::chrono::system_clock::now());
    state.known = true;
    for (auto const& space : spaces) {
        state.known = state.known && space.support->works();
        if (state.reason.empty())
            state.reason = space.support->error();
    }
    observer_(state);
    co_return loaded;
}

std::vector<host_control::model_namespace>
host_control::namespaces_of(lmstudio::inventory const& loaded) {
    using lmstudio::model_kind;
    std::vector<model_namespace> found;
    auto const consider = [&](std::string_view path, model_kind kind, socket_support& support) {
        model_namespace one{path, &support, {}};
        auto const has_one = [&](lmstudio::instance const& each) {
            return each.kind == kind || each.kind == model_kind::unknown;
        };
        bool needed = std::ranges::any_of(loaded, has_one);
        // A listing over the WebSocket already has the instances.
        if (support_.listing_api == api::websocket) {
            one.known.emplace();
            for (auto const& each : listed_)
                if (each.path == path)
                    one.known->push_back(each.listed);
            needed = !one.known->empty();
        }
        if (needed)
            found.push_back(std::move(one));
    };
    consider(llm_path, model_kind::llm, support_.llm);
    consider(embedding_path, model_kind::embedding, support_.embedding);
    return found;
}

net::task<void> host_control::ask_activity(inquiry& all, socket_support& support,
                                           std::string_view path, known_list known) {
    socket_failure failure;
    try {
        socket_host const at{env_, pool_, all.authorization, {}};
        auto got = co_await activity_over_socket(at, settings_->recovery.websocket_timeout, path,
                                                 std::move(known));
        std::ranges::move(got.told, std::back_inserter(all.told));
        failure = std::move(got.failure);
    } catch (std::exception const& e) {
        failure.kind = socket_fault::broken;
        failure.reason = e.what();
    }
    note(support, failure, all.authorization);
    --all.left;
    all.answered.open();
}

net::task<std::optional<std::string>> host_control::version() {
    std::optional<std::string> version;
    auto authorization = authorization_for({});
    support_.forget_after_outage(pool_.connect_failures());
    auto& support = support_.system;
    if (!asks_websocket() || !support.due(hash(authorization), env_.deadlines.now()))
        co_return version;

    socket_host const at{env_, pool_, std::move(authorization),
                         clock::now() + settings_->recovery.websocket_timeout};
    auto got = co_await version_over_socket(at);
    note(support, got.failure, at.authorization);
    if (!got.failure)
        version = std::move(got.version);
    co_return version;
}

bool host_control::asks_websocket() const noexcept {
    return settings_->recovery.websocket_timeout > std::chrono::milliseconds::zero();
}

// A connection that cannot be made says nothing about the WebSocket.
void host_control::note(socket_support& support, socket_failure const& failure,
                        std::string const& authorization) {
    switch (failure.kind) {
    case socket_fault::none:
        support.answered(hash(authorization));
        break;
    case socket_fault::rejected:
        support.rejected(hash(authorization), token_advice(authorization), env_.deadlines.now());
        break;
    case socket_fault::refused:
    case socket_fault::unknown_call:
    case socket_fault::no_answer:
    case socket_fault::broken:
        support.failed(failure.reason, env_.deadlines.now());
        break;
    case socket_fault::cut:
        support.cut(failure.reason);
        break;
    case socket_fault::unreachable:
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

net::task<recovery::control::load_answer>
host_control::load(std::string model, std::int64_t context, std::string authorization) {
    auto got = co_await load_over_rest(env_, pool_, std::move(model), context,
                                       authorization_for(std::move(authorization)),
                                       settings_->recovery.load_timeout);
    load_answer out;
    out.instance_id = std::move(got.instance_id);
    out.error = std::move(got.error);
    co_return out;
}

net::task<recovery::control::unloading> observed_control::unload(std::string instance_id,
                                                                 std::string authorization) {
    auto got = co_await control_.unload(std::move(instance_id), std::move(authorization));
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
