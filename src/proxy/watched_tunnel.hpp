// A tunnel of LM Studio's SDK whose operations are known.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include "operation.hpp"
#include "request.hpp"
#include "tunnel_lane.hpp"
#include <secondwind/host/connection.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// A tunnel may be one: it is on a path of the SDK whose operations use models, and the settings
// allow it.
bool may_watch(request const& request);

// Every byte passes as it came, but for operations whose error a recovery of the host may cure, or
// whose instance a recovery has unloaded: the error is held back meanwhile, the instance is loaded
// again if need be, then the operation is sent again under the same number, and opening packets
// that the client has had are left out. While a recovery holds requests at the gate, new operations
// wait as well. A handle whose instance was loaded again names the new one. A tunnel that does not
// begin as the SDK's do, or shows something odd, becomes blind for good.
class watched_tunnel {
public:
    // All must outlive it.
    watched_tunnel(context& shared, client& c, request const& request, host::connection& host,
                   access_record& record);
    ~watched_tunnel();

    // `first` is the head of the host's answer, `after` what came with it.
    net::task<void> run(std::string first, std::string after);

private:
    // Messages of the client.
    class upward final : public tunnel_lane::reader {
    public:
        explicit upward(watched_tunnel& of) noexcept : tunnel_{of} {}
        message_course begin(std::string_view beginning) override;
        void read(std::string_view payload, http::ws_mask mask) override;
        bool end() override;
        void close() override { tunnel_.leave(); }
        void lose() override { tunnel_.lose(telemetry::blindness::protocol); }
        void over() override { tunnel_.leave(); }
        // It is destroyed.
        void forget(operation const& one) noexcept;

    private:
        message_course begin_operation(lmstudio::sdk_prefix const& message, std::size_t size);
        message_course begin_call(lmstudio::sdk_endpoint endpoint, std::size_t size);
        bool end_call(lmstudio::sdk_endpoint endpoint, std::string const& message);
        message_course follow(operation& one);

        watched_tunnel& tunnel_;
        bool admission_ = true;        // comes next
        operation* opening_ = nullptr; // whose opening message is coming
        operation* waiting_ = nullptr; // for which the message that is coming is kept
        // A call about a handle is coming.
        lmstudio::sdk_endpoint call_ = lmstudio::sdk_endpoint::other;
        std::string text_; // of the message in these cases
    };
    // Messages of the host.
    class downward final : public tunnel_lane::reader {
    public:
        explicit downward(watched_tunnel& of) noexcept : tunnel_{of} {}
        message_course begin(std::string_view beginning) override;
        void read(std::string_view payload, http::ws_mask mask) override;
        bool end() override;
        void close() override { tunnel_.release_all(); }
        void lose() override { tunnel_.lose(telemetry::blindness::protocol); }
        void over() override { tunnel_.release_all(); }
        void forget(operation const& one) noexcept;

    private:
        message_course begin_telling(lmstudio::sdk_endpoint endpoint);
        message_course begin_error(operation& one, std::size_t size);

        watched_tunnel& tunnel_;
        bool admission_ = true;
        operation* failing_ = nullptr; // whose error is coming
        bool loaded_ = false;          // the last packet of a load is
        std::string text_;             // of that
    };

    recovery::handles& handles() const { return setting_.host.reloads.handles; }
    void learn_reference(std::string_view packet);
    // Operations are held, sent again, and wait.
    bool acts() const;
    // The settings in force have ended it.
    bool unwanted() const;
    void lose(std::optional<telemetry::blindness> reason);
    // Nobody waits for what is held any more.
    void leave();
    void release_all();
    void finish(operation& one, telemetry::operation_end result);
    void finish_all(telemetry::operation_end result);
    // What is held of it goes to the client, and that ends it.
    void release(operation& one);
    void send_down(std::string_view frames);
    bool passes_error(operation& one, std::string_view error);
    void observe(operation& one, recovery::operation_error const& error);
    void heal_for_next(operation& one, policy::judgement const& judged);
    void send(operation& one);
    // They own an operation that is over by their end.
    net::task<void> recover(operation& one, policy::next_step step, policy::judgement judged);
    net::task<void> await_admission(operation& one);
    bool settle(operation& one);

    context& shared_;
    client& client_;
    request const& request_;
    host::connection& host_;
    access_record& record_;
    std::string authorization_; // of the client
    operation_setting setting_;
    operation_table operations_;
    upward up_reader_;
    downward down_reader_;
    tunnel_lane up_;
    tunnel_lane down_;
    net::gate settled_;
    std::size_t awaiting_ = 0; // coroutines of operations
    bool blind_ = false;
    bool left_ = false;
};

} // namespace secondwind::proxy
