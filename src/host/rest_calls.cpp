#include "rest_calls.hpp"

#include <secondwind/base/pattern.hpp>
#include <secondwind/lmstudio/error_message.hpp>

#include <utility>

namespace secondwind::host {

namespace {

// A host with thousands of models lists about 1 KiB for each.
constexpr std::size_t largest_inventory = 16 * 1024 * 1024;
constexpr std::size_t largest_reply = 256 * 1024;
// Of a model that was loaded for a request: LM Studio's own default.
constexpr std::chrono::seconds time_to_live{3600};

bool is_unauthorised(int status) noexcept {
    return status == 401 || status == 403;
}

recovery::contact contact_of(failure const& failed) noexcept {
    switch (failed.kind) {
    case fault::resolve:
    case fault::connect:
    case fault::connect_timeout:
    case fault::tls:
        return recovery::contact::unreachable;
    case fault::closed:
    case fault::timeout:
        return recovery::contact::no_answer;
    case fault::descriptors:
    case fault::cancelled:
        return recovery::contact::none;
    case fault::none:
    case fault::malformed:
    case fault::misfit:
    case fault::too_large:
        break;
    }
    return recovery::contact::answered;
}

// LM Studio's answer to a path that it does not have, with status 200 or 404.
bool is_unknown_path(std::string_view body) {
    auto const message = lmstudio::find_error_message(body);
    return message && matches("^unexpected endpoint", *message);
}

} // namespace

net::task<rest_listing> list_over_rest(environment env, connection_pool& pool,
                                       std::string authorization, std::chrono::milliseconds limit) {
    call_request request{"GET", "/api/v1/models", {}, std::move(authorization)};
    auto const reply = co_await call(env, pool, std::move(request), limit, largest_inventory);
    rest_listing out;
    out.reached = contact_of(reply.failure);
    if (reply.failure) {
        out.error = describe(reply.failure);
    } else if (auto parsed = lmstudio::parse_models(reply.body)) {
        out.result = rest_result::answered;
        out.found = std::move(*parsed);
    } else if (is_unauthorised(reply.status)) {
        out.result = rest_result::unauthorised;
    } else {
        out.result = rest_result::unknown_api;
        out.error = "GET /api/v1/models answered " + std::to_string(reply.status) +
                    " without a list of models (LM Studio 0.4.0 or later has one)";
    }
    co_return out;
}

net::task<rest_unloading> unload_over_rest(environment env, connection_pool& pool,
                                           std::string instance_id, std::string authorization,
                                           std::chrono::milliseconds limit) {
    auto const body = lmstudio::unload_body(instance_id);
    call_request request{"POST", "/api/v1/models/unload", body, std::move(authorization)};
    auto const reply = co_await call(env, pool, std::move(request), limit, largest_reply);
    rest_unloading out;
    if (reply.failure) {
        out.error = describe(reply.failure);
        co_return out;
    }
    out.unload = lmstudio::parse_unload(reply.status, reply.body, instance_id);
    out.error = "the unload returned status " + std::to_string(reply.status);
    if (out.unload != lmstudio::unload_result::refused)
        out.result = rest_result::answered;
    else if (is_unauthorised(reply.status))
        out.result = rest_result::unauthorised;
    else if (is_unknown_path(reply.body))
        out.result = rest_result::unknown_api;
    co_return out;
}

net::task<rest_loading> load_over_rest(environment env, connection_pool& pool, std::string model,
                                       std::int64_t context, std::string authorization,
                                       std::chrono::milliseconds limit) {
    auto const body = lmstudio::load_body(model, context, time_to_live);
    call_request request{"POST", "/api/v1/models/load", body, std::move(authorization)};
    raw_call through{env, pool};
    raw_call::bounds within{limit, largest_reply};
    within.new_connection = true; // a second load would be a second instance
    auto const reply =
        co_await call(env, through, pool.upstream(), std::move(request), std::move(within));
    rest_loading out;
    if (reply.failure) {
        out.error = describe(reply.failure);
        co_return out;
    }
    out.instance_id = lmstudio::loaded_instance_id(reply.status, reply.body);
    if (out.instance_id.empty())
        out.error = lmstudio::find_error_message(reply.body)
                        .value_or("the load returned status " + std::to_string(reply.status));
    co_return out;
}

} // namespace secondwind::host
