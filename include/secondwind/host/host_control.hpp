// The calls of recovery::control over LM Studio's REST v1, or over the SDK's WebSocket.
#pragma once

#include <secondwind/config/current_settings.hpp>
#include <secondwind/host/api_support.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/host/host_view.hpp>
#include <secondwind/host/last_known.hpp>
#include <secondwind/host/socket_calls.hpp>
#include <secondwind/recovery/control.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::host {

// LM Studio has REST v1 since 0.4.0; earlier versions are called over the WebSocket. Which one to
// use is decided by the shape of `GET /api/v1/models`, once, again after the host was down, and
// again when the chosen one fails.
class host_control final : public recovery::control {
public:
    // All must outlive it.
    host_control(environment env, connection_pool& pool, config::current_settings const& settings)
        : env_{env}, pool_{pool}, settings_{settings} {}

    // Calls `observer` at the end of each with_activity() of a listing that is not empty, with
    // whether the host says which instances are busy. It must neither throw nor await.
    void on_busy_state(std::function<void(busy_state const&)> observer) {
        observer_ = std::move(observer);
    }

    net::task<listing> list(std::string authorization) override;
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                 std::string authorization) override;
    net::task<std::optional<std::string>> version() override;
    net::task<unloading> unload(std::string instance_id, std::string authorization) override;
    net::task<load_answer> load(std::string model, std::int64_t context,
                                std::string authorization) override;
    net::task<references> list_references(std::string authorization) override;
    net::task<description> describe(lmstudio::listed_instance loaded,
                                    std::string authorization) override;
    net::task<reload_answer> load_again(lmstudio::load_description wanted,
                                        std::string authorization, net::cancellation& by) override;

private:
    using clock = sdk_socket::clock;
    struct attempt;
    struct inquiry;
    using known_list = std::optional<std::vector<lmstudio::listed_instance>>;
    struct model_namespace {
        std::string_view path;
        socket_support* support;
        known_list known; // what it has just listed
    };

    net::task<attempt> try_rest(std::string authorization, clock::time_point until);
    net::task<attempt> try_socket(std::string authorization, clock::time_point until);
    net::task<std::vector<lmstudio::model_on_disk>> unloaded_models(socket_host at);
    std::string authorization_for(std::string of_the_request) const;
    std::string token_advice(std::string_view authorization) const;
    std::string error_of(socket_failure const& failure, std::string_view authorization) const;
    // The namespace of an instance that the WebSocket has listed; otherwise empty.
    std::string_view path_of(std::string_view instance_id) const noexcept;
    bool asks_websocket() const noexcept;
    // Why a namespace is not asked now; empty: it is.
    std::string why_silent(socket_support const& support, std::string const& authorization) const;
    // Those that have instances of `loaded`.
    std::vector<model_namespace> namespaces_of(lmstudio::inventory const& loaded);
    // Asks the namespace at `path` which of its instances are busy; it never throws.
    net::task<void> ask_activity(inquiry& all, socket_support& support, std::string_view path,
                                 known_list known);
    void note(socket_support& support, socket_failure const& failure,
              std::string const& authorization);

    environment env_;
    connection_pool& pool_;
    config::current_settings const& settings_;
    api_support support_;
    std::vector<socket_instance> listed_; // by the last listing over the WebSocket
    last_known last_known_;
    std::function<void(busy_state const&)> observer_ = [](busy_state const&) {};
};

// The calls of a host's control, with their results noted in its view: so the view need not ask for
// what a recovery has just asked. Both must outlive it.
class observed_control final : public recovery::control {
public:
    observed_control(recovery::control& of, host_view& by) noexcept : control_{of}, view_{by} {}

    net::task<listing> list(std::string authorization) override;
    net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                 std::string authorization) override;
    net::task<std::optional<std::string>> version() override { return control_.version(); }
    net::task<unloading> unload(std::string instance_id, std::string authorization) override;
    net::task<load_answer> load(std::string model, std::int64_t context,
                                std::string authorization) override {
        return control_.load(std::move(model), context, std::move(authorization));
    }
    net::task<references> list_references(std::string authorization) override {
        return control_.list_references(std::move(authorization));
    }
    net::task<description> describe(lmstudio::listed_instance loaded,
                                    std::string authorization) override {
        return control_.describe(std::move(loaded), std::move(authorization));
    }
    net::task<reload_answer> load_again(lmstudio::load_description wanted,
                                        std::string authorization, net::cancellation& by) override {
        return control_.load_again(std::move(wanted), std::move(authorization), by);
    }

private:
    recovery::control& control_;
    host_view& view_;
};

} // namespace secondwind::host
