// The calls of `machine` to a real host: REST v1, and the SDK's WebSocket for what REST lacks.
#pragma once

#include "machine.hpp"

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/socket_calls.hpp>
#include <secondwind/net/cancellation.hpp>
#include <secondwind/net/gate.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::lab {

class host_machine final : public machine {
public:
    // The settings have the times for connects and WebSockets. Both, and what `env` refers to, must
    // outlive it.
    host_machine(host::environment env, config::upstream const& upstream,
                 config::current_settings const& settings);

    net::task<listing> list(milliseconds limit) override;
    net::task<load_answer> load(load_request request, milliseconds limit) override;
    // Both over the SDK's WebSocket: REST has no identifiers.
    net::task<std::string> describe(std::string instance, milliseconds limit) override;
    net::task<load_answer> load_again(std::string description, milliseconds limit) override;
    net::task<chat_answer> chat(chat_request request, milliseconds silence,
                                milliseconds limit) override;
    net::task<embedding_answer> embed(std::string instance, std::string text,
                                      milliseconds limit) override;
    net::task<unload_answer> unload(std::string instance, milliseconds limit) override;
    net::task<lab::activity> activity(std::vector<loaded_instance> loaded,
                                      milliseconds limit) override;
    net::task<std::optional<estimate>> guess(load_request request, milliseconds limit) override;
    net::task<std::string> version(milliseconds limit) override;

    void cancel() noexcept override;
    net::task<void> wait(milliseconds span) override;
    std::chrono::steady_clock::time_point now() const noexcept override {
        return env_.deadlines.now();
    }
    registry::time_point wall_clock() const noexcept override {
        return std::chrono::system_clock::now();
    }

    // Ends the idle connections.
    void close() { pool_.close(); }

private:
    struct ended {
        call_end end = call_end::answered;
        int status = 0;
        std::string error; // of the connection
        std::string body;
    };
    net::task<ended> ask(host::call_request request, host::raw_call::bounds within);
    host::socket_host at(milliseconds limit);

    host::environment env_;
    config::upstream const& upstream_;
    host::connection_pool pool_;
    std::string authorization_;
    host::raw_call* under_way_ = nullptr;
    net::cancellation* reload_ = nullptr; // that is under way
    net::gate woken_;
    bool estimates_ = true; // until the host says that it makes none
};

} // namespace secondwind::lab
