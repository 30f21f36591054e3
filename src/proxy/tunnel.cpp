#include "tunnel.hpp"

#include "tunnel_pump.hpp"
#include "watched_tunnel.hpp"
#include <secondwind/base/ascii.hpp>
#include <secondwind/base/log.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace secondwind::proxy {

namespace {

class tunnel_count {
public:
    explicit tunnel_count(telemetry::traffic& traffic) noexcept : traffic_{traffic} {
        ++traffic_.tunnels;
    }
    tunnel_count(tunnel_count const&) = delete;
    tunnel_count& operator=(tunnel_count const&) = delete;
    ~tunnel_count() { --traffic_.tunnels; }

private:
    telemetry::traffic& traffic_;
};

net::task<void> blind_tunnel(context& shared, client& client, request const& request,
                             host::connection& host, std::string first, std::string after,
                             access_record& record) {
    tunnel_count const counted{shared.traffic};
    blind_course up;
    blind_course down;
    bool const begun = co_await begin_tunnel(client, request, host, std::move(first),
                                             std::move(after), record, up, down);
    if (begun)
        co_await pump_both(shared, client, host, record, up, down);
}

net::task<void> watch_tunnel(context& shared, client& client, request const& request,
                             host::connection& host, std::string first, std::string after,
                             access_record& record) {
    tunnel_count const counted{shared.traffic};
    watched_tunnel watched{shared, client, request, host, record};
    co_await watched.run(std::move(first), std::move(after));
}

// The client has offered it, and the host has agreed; what passes then can be anything.
bool agrees_to_extension(context& shared, request const& request, http::response_head const& head) {
    auto const agreed = std::ranges::find_if(head.fields, [](http::field const& each) {
        return iequals(each.name, "Sec-WebSocket-Extensions");
    });
    if (agreed == head.fields.end())
        return false;
    shared.traffic.blinded(telemetry::blindness::extension);
    if (!std::exchange(request.host->extension_noted, true))
        log::write(log::level::warn, "websocket_extension",
                   {{"host", request.host->name()}, {"extension", agreed->value}});
    return true;
}

} // namespace

net::task<void> tunnel(context& shared, client& client, request const& request,
                       host::connection& host, host::answer& switching, std::string first,
                       access_record& record) {
    std::string after{switching.after_head()};
    if (may_watch(request) && !agrees_to_extension(shared, request, switching.head()))
        return watch_tunnel(shared, client, request, host, std::move(first), std::move(after),
                            record);
    record.tunnel = std::make_unique<tunnel_figures>();
    return blind_tunnel(shared, client, request, host, std::move(first), std::move(after), record);
}

} // namespace secondwind::proxy
