#include "connection.hpp"
#include "emulated_host.hpp"
#include "ws_connection.hpp"
#include <secondwind/emulator/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>

namespace secondwind::emulator {

// The listening socket, and the connections that it accepted.
class server::acceptor {
public:
    acceptor(asio::io_context& io, asio::ip::tcp::endpoint const& address,
             std::shared_ptr<emulated_host> host)
        : acceptor_{io, address}, host_{std::move(host)} {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    static asio::awaitable<void> run(std::shared_ptr<acceptor> self) {
        auto const executor = self->acceptor_.get_executor();
        asio::steady_timer pause{executor};
        while (self->acceptor_.is_open()) {
            auto [error, socket] = co_await self->acceptor_.async_accept(nothrow);
            if (error == asio::error::operation_aborted || !self->acceptor_.is_open())
                co_return;
            if (error) {
                // Usually there are no descriptors left: an immediate retry would spin.
                pause.expires_after(std::chrono::milliseconds{100});
                co_await pause.async_wait(nothrow);
                continue;
            }
            auto const number = ++self->host_->counts.connections_accepted;
            auto accepted = std::make_shared<connection>(std::move(socket), self->host_, number);
            std::erase_if(self->open_, [](auto const& entry) { return entry.second.expired(); });
            self->open_[number] = accepted;
            asio::co_spawn(executor, connection::serve(std::move(accepted)), rethrow);
        }
    }

    void close() {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        for (auto const& [number, weak] : open_)
            if (auto const connection = weak.lock())
                connection->close();
        open_.clear();
    }

    void close_idle() {
        for (auto const& [number, weak] : open_)
            if (auto const connection = weak.lock(); connection && connection->idle())
                connection->close();
    }

private:
    asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<emulated_host> host_;
    std::map<std::uint64_t, std::weak_ptr<connection>> open_;
};

server::server(asio::io_context& io, emulator::options options)
    : io_{io}, host_{std::make_shared<emulated_host>(io.get_executor(), std::move(options))} {
    if (!host_->options.on_upgrade)
        host_->options.on_upgrade = websocket_upgrades(host_);
}

server::~server() {
    stop();
}

void server::start(asio::ip::tcp::endpoint const& address) {
    host_->stopping = false;
    acceptor_ = std::make_shared<acceptor>(io_, address, host_);
    asio::co_spawn(io_, acceptor::run(acceptor_), rethrow);
}

std::uint16_t server::port() const {
    return acceptor_->port();
}

void server::stop() {
    host_->stopping = true;
    host_->notify();
    if (acceptor_)
        acceptor_->close();
}

emulator::script& server::script() noexcept {
    return host_->script;
}

store const& server::models() const noexcept {
    return host_->models;
}

counters const& server::counts() const noexcept {
    return host_->counts;
}

std::vector<request> const& server::requests() const noexcept {
    return host_->requests;
}

std::optional<std::string> server::load(std::string_view key, load_choice const& choice) {
    auto const* known = host_->models.find_model(key);
    if (known == nullptr)
        return std::nullopt;
    auto const begun = host_->begin_load(*known, choice);
    if (!begun)
        return std::nullopt;
    host_->finish_load(*begun);
    return begun->id;
}

void server::occupy(std::uint64_t bytes) {
    host_->models.occupy(bytes);
    host_->notify();
}

void server::pass(std::chrono::milliseconds time) {
    host_->ahead += time;
    host_->notify();
}

bool server::unload(std::string const& id) {
    return host_->unload(id);
}

std::size_t server::corrupt(std::string_view key) {
    auto const count = host_->models.corrupt(key);
    host_->notify();
    return count;
}

void server::close_idle() {
    acceptor_->close_idle();
}

void server::reset() {
    host_->models.clear();
    auto const accepted = host_->counts.connections_accepted;
    auto const open = host_->counts.connections_open;
    host_->counts = {};
    host_->counts.connections_accepted = accepted;
    host_->counts.connections_open = open;
    host_->requests.clear();
    host_->script.clear();
}

void server::on_event(std::function<void(event const&)> observer) {
    host_->observer = std::move(observer);
}

asio::awaitable<void> server::until(std::function<bool()> holds) {
    co_await host_->changed.until(std::move(holds));
}

} // namespace secondwind::emulator
