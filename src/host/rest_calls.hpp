// Calls of LM Studio's REST v1 API.
#pragma once

#include <secondwind/host/call.hpp>
#include <secondwind/lmstudio/rest_codec.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace secondwind::host {

enum class rest_result : std::uint8_t {
    answered,
    unknown_api,  // the host answers, but not as REST v1 does
    unauthorised, // it does not accept the token, or requires one
    failed        // no answer, or a refusal
};

struct rest_listing {
    rest_result result = rest_result::failed;
    recovery::contact reached = recovery::contact::none;
    lmstudio::models found; // when answered
    std::string error;      // otherwise, except with `unauthorised`: one clause for the log
};
net::task<rest_listing> list_over_rest(environment env, connection_pool& pool,
                                       std::string authorization, std::chrono::milliseconds limit);

struct rest_unloading {
    rest_result result = rest_result::failed;
    lmstudio::unload_result unload = lmstudio::unload_result::refused;
    std::string error; // likewise
};
net::task<rest_unloading> unload_over_rest(environment env, connection_pool& pool,
                                           std::string instance_id, std::string authorization,
                                           std::chrono::milliseconds limit);

struct rest_loading {
    std::string instance_id; // empty: see `error`
    std::string error;       // likewise
};
net::task<rest_loading> load_over_rest(environment env, connection_pool& pool, std::string model,
                                       std::int64_t context, std::string authorization,
                                       std::chrono::milliseconds limit);

} // namespace secondwind::host
