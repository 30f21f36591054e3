// A tunnel of LM Studio's SDK whose operations are known.
#pragma once

#include "access_record.hpp"
#include "client.hpp"
#include "operation.hpp"
#include "request.hpp"
#include "tunnel_lane.hpp"
#include <secondwind/host/connection.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// A tunnel may be one: it is on a path of the SDK whose operations use models, and the settings
// allow it.
bool may_watch(request const& request);

// Every byte passes as it came. What is read is the beginning of each message, which tells when an
// operation begins and ends: meanwhile its model is in use, for the recoveries of this host. A
// tunnel that does not begin as the SDK's do, or shows something odd, becomes blind for good.
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
        void close() override {}
        void lose() override { tunnel_.lose(telemetry::blindness::protocol); }
        // It is destroyed.
        void forget(operation const& one) noexcept;

    private:
        watched_tunnel& tunnel_;
        bool admission_ = true; // comes next
        operation* opening_ = nullptr;
    };
    // Messages of the host.
    class downward final : public tunnel_lane::reader {
    public:
        explicit downward(watched_tunnel& of) noexcept : tunnel_{of} {}
        message_course begin(std::string_view beginning) override;
        void read(std::string_view, http::ws_mask) override {}
        bool end() override { return true; }
        void close() override {}
        void lose() override { tunnel_.lose(telemetry::blindness::protocol); }

    private:
        watched_tunnel& tunnel_;
        bool admission_ = true;
    };

    // The settings in force have ended it.
    bool unwanted() const;
    void lose(std::optional<telemetry::blindness> reason);
    void finish(operation& one, telemetry::operation_end result);

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
    bool blind_ = false;
};

} // namespace secondwind::proxy
