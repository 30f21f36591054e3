// The calls of control, made to a real host: over REST v1, or over the SDK's WebSocket.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/host_memory.hpp>
#include <secondwind/host/socket_calls.hpp>
#include <secondwind/recovery/control.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace secondwind::host {

// LM Studio has REST v1 from 0.4.0 on; earlier ones are served over the WebSocket. Which it is, is
// judged by the shape of `GET /api/v1/models`, once, and again after the host was down. What was
// judged and fails is judged anew at once.
class host_control final : public recovery::control {
public:
    // All must outlive it.
    host_control(environment env, connection_pool& pool, config::recovery const& settings)
        : env_{env}, pool_{pool}, settings_{settings} {}

    net::task<listing> list(std::string authorization) override;
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                 std::string authorization) override;
    net::task<std::optional<std::string>> version() override;
    net::task<unloading> unload(std::string instance_id, std::string authorization) override;

private:
    using clock = sdk_socket::clock;
    struct attempt;

    net::task<attempt> try_rest(std::string authorization, clock::time_point until);
    net::task<attempt> try_socket(std::string authorization, clock::time_point until);
    net::task<std::vector<lmstudio::model_on_disk>> unloaded_models(socket_host at);
    std::string authorization_for(std::string of_the_request) const;
    std::string token_advice(std::string_view authorization) const;
    std::string why(socket_failure const& failure, std::string_view authorization) const;
    // Of an instance that the WebSocket has listed; else empty.
    std::string_view path_of(std::string_view instance_id) const noexcept;
    // What a failed call tells of the next one: `never` where it need not be made.
    void note(socket_failure const& failure, std::string const& authorization,
              void (host_memory::*never)() noexcept) noexcept;

    environment env_;
    connection_pool& pool_;
    config::recovery const& settings_;
    host_memory memory_;
    std::vector<socket_instance> listed_; // by the WebSocket, the last time
};

} // namespace secondwind::host
