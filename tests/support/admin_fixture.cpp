#include "support/admin_fixture.hpp"

#include <nlohmann/json.hpp>

namespace secondwind::test {

void with_admin::begin() {
    if (admin)
        return;
    if (!w.proxy)
        w.start(lm->port());
    auto& proxy = *w.proxy;
    auto& shared = proxy.shared();
    auto state = [&proxy, &shared] {
        admin::proxy_state s;
        auto const at = proxy.local_endpoint();
        s.listen = config::to_string(config::endpoint{at.address().to_string(), at.port()});
        s.connections = proxy.sessions();
        s.connections_limit = proxy.client_limit();
        s.replay_buffer_used = shared.budget.used();
        s.draining = shared.draining;
        s.route_waiting = shared.waiting.size();
        return s;
    };
    auto reload = [this] {
        ++reloads;
        return reloading;
    };
    admin::sources sources{w.io,
                           shared.deadlines,
                           w.in_force,
                           shared.traffic,
                           shared.exchanges,
                           shared.requests,
                           shared.history,
                           shared.ledger,
                           shared.hosts,
                           shared.router,
                           std::move(state),
                           std::move(reload),
                           [this](auto const& host, auto const& document) {
                               kept_results[host] = document;
                               return keep_error;
                           },
                           "1.2.3"};
    admin.emplace(std::move(sources), timeouts);
    admin->start();
}

void with_admin::TearDown() {
    // The server must not wait for clients that stay connected.
    for (auto& each : clients)
        each.close();
    for (auto& each : subscribers)
        each.drop();
    stop_admin();
    with_proxy::TearDown();
}

void with_admin::stop_admin() {
    if (!admin)
        return;
    admin->stop();
    bool done = false;
    auto wait = [](admin::server& a, bool& flag) -> net::task<void> {
        co_await a.stopped();
        flag = true;
    };
    net::spawn(wait(*admin, done));
    drive(w.io, done, std::chrono::steady_clock::now() + std::chrono::seconds{10});
    EXPECT_TRUE(done);
    admin.reset();
}

asio::awaitable<raw_client*> with_admin::at_admin() {
    auto& fresh = clients.emplace_back(w.io);
    co_await fresh.connect(admin_port());
    co_return &fresh;
}

std::string with_admin::admin_request(std::string_view method, std::string_view target,
                                      std::string_view fields, std::string_view body) const {
    std::string text;
    text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
    text.append(authority()).append("\r\n");
    if (method == "POST")
        text.append("Content-Type: application/json\r\nContent-Length: ")
            .append(std::to_string(body.size()))
            .append("\r\n");
    return text.append(fields).append("\r\n").append(body);
}

asio::awaitable<http_answer> with_admin::ask(std::string target, std::string fields) {
    auto* client = co_await at_admin();
    co_await client->send(admin_request("GET", target, fields));
    co_return co_await client->read_answer();
}

asio::awaitable<http_answer> with_admin::act(std::string target, std::string body,
                                             std::string fields) {
    auto* client = co_await at_admin();
    co_await client->send(admin_request("POST", target, fields, body));
    co_return co_await client->read_answer();
}

asio::awaitable<event_client*> with_admin::subscribe(std::string target) {
    auto& fresh = subscribers.emplace_back(w.io);
    co_await fresh.open(admin_port(), authority(), target);
    co_return &fresh;
}

} // namespace secondwind::test
