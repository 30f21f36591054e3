#include <secondwind/lmstudio/control.hpp>

namespace secondwind::lmstudio {

namespace {

// A host with thousands of models lists about 1 KiB for each.
constexpr std::size_t largest_inventory = 16 * 1024 * 1024;
constexpr std::size_t largest_reply = 256 * 1024;

} // namespace

net::task<control::listing> control::list(std::string authorization) {
    upstream::call_request request{"GET", "/api/v1/models", {}, std::move(authorization)};
    auto const reply = co_await upstream::call(env_, pool_, std::move(request),
                                               settings_.list_timeout, largest_inventory);
    listing out;
    if (reply.failure) {
        out.why_not = upstream::describe(reply.failure);
    } else {
        out.instances = parse_inventory(reply.body);
        out.unloaded = parse_unloaded(reply.body);
        if (!out.instances)
            out.why_not = "GET /api/v1/models answered " + std::to_string(reply.status) +
                          " without a list of models (LM Studio 0.4.0 or later has one)";
    }
    co_return out;
}

net::task<control::unloading> control::unload(std::string instance_id, std::string authorization) {
    auto const body = unload_body(instance_id);
    upstream::call_request request{"POST", "/api/v1/models/unload", body, std::move(authorization)};
    auto const reply = co_await upstream::call(env_, pool_, std::move(request),
                                               settings_.unload_timeout, largest_reply);
    unloading out;
    if (reply.failure) {
        out.why_not = upstream::describe(reply.failure);
    } else {
        out.result = parse_unload(reply.status, reply.body, instance_id);
        if (out.result == unload_result::refused)
            out.why_not = "the unload was answered with status " + std::to_string(reply.status);
    }
    co_return out;
}

} // namespace secondwind::lmstudio
