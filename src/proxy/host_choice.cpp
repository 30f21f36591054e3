#include "host_choice.hpp"

#include "outgoing_head.hpp"

#include <optional>

namespace secondwind::proxy {

namespace {

recovery::wanted_model wanted_by(request const& request) {
    return {request.model.name(), lmstudio::kind_for(request.path())};
}

void take(context& shared, request& request, recovery::choice const& chosen) {
    request.host = host::host_ptr{&shared.hosts[chosen.host]};
    request.route = chosen.reason;
    if (!request.origin.empty())
        request.grants = request.host->grants.fields_for(request.origin);
}

bool move(context& shared, request& request, std::optional<recovery::choice> const& chosen) {
    if (!chosen)
        return false;
    take(shared, request, *chosen);
    render_again(shared, request);
    return true;
}

} // namespace

bool choose_host(context& shared, client& client, request& request) {
    if (!request.model.possible()) {
        take(shared, request, shared.router.spread(client.address().to_string()));
        return true;
    }
    auto const chosen = shared.router.choose(wanted_by(request));
    if (chosen)
        take(shared, request, *chosen);
    return chosen.has_value();
}

net::task<void> ask_and_choose_host(context& shared, request& request) {
    auto const chosen = co_await shared.router.ask_and_choose(wanted_by(request));
    take(shared, request, chosen);
}

bool choose_host_instead(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(
        shared, request,
        shared.router.choose_instead(wanted_by(request), request.host->recovery, request.tried));
}

bool choose_host_after_failure(context& shared, request& request) {
    request.tried.push_back(&request.host->recovery);
    return move(shared, request,
                shared.router.choose_after_failure(wanted_by(request), request.tried));
}

} // namespace secondwind::proxy
