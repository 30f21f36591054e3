#include "own_listener.hpp"

#include <secondwind/base/ascii.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/host/call.hpp>
#include <secondwind/policy/client_key.hpp>

#include "random_key.hpp"

#include <chrono>
#include <utility>

namespace secondwind::app {

namespace {

// It may wait until other models are idle, for recovery.busy_wait.
constexpr std::chrono::hours longest_wait{25};
constexpr std::size_t largest_reply = 4 * 1024 * 1024;

config::upstream place_of(config::settings const& settings, proxy::server& server) {
    auto const listen = proxy::address_of(server.local_endpoint());
    config::upstream place;
    place.name = "secondwind";
    place.host = config::without_wildcard(listen.address);
    place.port = listen.port;
    place.tls = !settings.tls.certificate_file.empty();
    place.verify = false; // it is this process
    return place;
}

std::string render(admin::own_request const& request, config::upstream const& place,
                   std::string const& key) {
    std::string out = "POST " + request.path + " HTTP/1.1\r\nHost: ";
    out.append(config::authority(place)).append("\r\nUser-Agent: secondwind-admin\r\n");
    if (!key.empty())
        out.append("Authorization: Bearer ").append(key).append("\r\n");
    if (!request.host.empty())
        out.append("X-Secondwind-Host: ").append(request.host).append("\r\n");
    out.append("Content-Type: application/json\r\nContent-Length: ");
    return out.append(std::to_string(request.body.size())).append("\r\n\r\n").append(request.body);
}

std::string type_in(http::field_list const& fields) {
    for (auto const& each : fields)
        if (iequals(each.name, "Content-Type"))
            return std::string{each.value};
    return {};
}

} // namespace

own_listener::own_listener(config::current_settings& settings, proxy::server& server)
    : settings_{settings}, server_{server}, key_{random_key()} {
    server.shared().own_keys = {{"operator", policy::hash_of(key_)}};
}

net::task<admin::own_answer> own_listener::ask(admin::own_request request) {
    auto& shared = server_.shared();
    auto const place = place_of(*settings_, server_);
    host::connection_pool pool{shared.io, shared.deadlines, place, settings_};
    host::raw_call call{shared.environment(), pool};
    if (request.cancel != nullptr)
        *request.cancel = [&call] { call.cancel(); };
    host::raw_call::bounds within{longest_wait, largest_reply};
    within.new_connection = true;
    std::string type;
    if (request.on_data)
        within.on_data = [&](std::string_view data) {
            if (type.empty()) {
                call.answer().check_head("POST", shared.fields);
                type = type_in(shared.fields);
            }
            request.on_data(call.answer().head().status, type, data);
        };
    auto const text =
        render(request, place, settings_->clients.api_keys.empty() ? std::string{} : key_);
    auto const failure = co_await call.run("POST", text, std::move(within));
    if (request.cancel != nullptr)
        *request.cancel = {};
    admin::own_answer out;
    if (failure) {
        out.error = host::describe(failure);
        co_return out;
    }
    call.answer().check_head("POST", shared.fields);
    out.status = call.answer().head().status;
    if (!request.on_data)
        call.answer().scan_again([&out](std::string_view data) { out.body.append(data); });
    co_return out;
}

} // namespace secondwind::app
