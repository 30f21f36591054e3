#include "ws_upgrade.hpp"
#include "responder.hpp"
#include "router.hpp"
#include "tokens.hpp"
#include "ws_clients.hpp"
#include "ws_namespace.hpp"
#include "ws_peer.hpp"
#include "ws_port.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace secondwind::emulator {

namespace {

using tcp_socket = asio::ip::tcp::socket;

asio::awaitable<void> close_when_stopping(std::shared_ptr<machine> m,
                                          std::shared_ptr<tcp_socket> socket) {
    auto over = [m = m.get(), s = socket.get()] { return m->stopping || !s->is_open(); };
    co_await m->changed.until(over);
    boost::system::error_code ignored;
    socket->close(ignored);
}

// Node has left the connection to listeners that all ignore it.
asio::awaitable<void> stay_silent(std::shared_ptr<machine> m, tcp_socket socket) {
    auto const shared = std::make_shared<tcp_socket>(std::move(socket));
    asio::co_spawn(shared->get_executor(), close_when_stopping(m, shared), rethrow);
    std::array<char, 1024> scratch{};
    for (bool open = true; open;) {
        auto const [error, size] = co_await shared->async_read_some(asio::buffer(scratch), nothrow);
        open = !error;
    }
    boost::system::error_code ignored;
    shared->close(ignored);
    m->notify();
}

// The client's name once it has come in. Messages that are no credentials are passed over until the
// time is up.
asio::awaitable<std::optional<std::string>> authenticate(std::shared_ptr<machine> m,
                                                         std::shared_ptr<ws_clients> clients,
                                                         std::shared_ptr<ws_peer> peer) {
    asio::steady_timer patience{peer->executor(), m->how.authentication_time};
    auto done = std::make_shared<bool>(false);
    auto expire = [peer, done](boost::system::error_code const& error) {
        if (error || *done)
            return;
        peer->send(ws_rejected("Authentication timed out"));
        peer->finish();
    };
    patience.async_wait(std::move(expire));
    for (;;) {
        auto const text = co_await peer->read();
        if (!text)
            co_return std::nullopt;
        auto const who = parse_ws_credentials(*text);
        if (!who)
            continue;
        *done = true;
        auto refusal = refuse_client(m->how.api_token, *who);
        if (!refusal)
            refusal = clients->admit(*who);
        if (!refusal) {
            peer->send(ws_admitted());
            co_return who->identifier;
        }
        peer->send(ws_rejected(*refusal));
        peer->finish();
        for (bool open = true; open;) {
            auto const more = co_await peer->read();
            open = more.has_value();
        }
        co_return std::nullopt;
    }
}

asio::awaitable<void> serve(std::shared_ptr<machine> m, std::shared_ptr<ws_clients> clients,
                            tcp_socket socket, request what, std::string early) {
    if (auto said = m->told.take_answer(path_of(what.target))) {
        responder::manner const last{false, false, false, {}};
        responder out{socket, std::make_shared<presence>(), last};
        co_await out.send(std::move(*said));
        co_return;
    }
    auto const in = ws_namespace_of(what.target);
    if (!in) {
        co_await stay_silent(m, std::move(socket));
        co_return;
    }
    auto const peer = std::make_shared<ws_peer>(std::move(socket), m);
    bool const accepted = co_await peer->accept(std::move(what), std::move(early));
    if (!accepted)
        co_return;
    auto const client = co_await authenticate(m, clients, peer);
    if (!client)
        co_return;
    auto const port = std::make_shared<ws_port>(m, peer, *in);
    for (bool open = true; open;) {
        auto const text = co_await peer->read();
        if (text)
            port->receive(*text);
        open = text.has_value();
    }
    port->disconnected();
    clients->release(*client);
}

} // namespace

upgrade_handler websocket_upgrades(std::shared_ptr<machine> const& m) {
    return [weak = std::weak_ptr{m}, clients = std::make_shared<ws_clients>()](
               tcp_socket socket, request what, std::string early) {
        // The connection that calls holds the machine.
        return serve(weak.lock(), clients, std::move(socket), std::move(what), std::move(early));
    };
}

} // namespace secondwind::emulator
