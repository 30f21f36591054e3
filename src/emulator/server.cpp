#include "connection.hpp"
#include "ws_upgrade.hpp"
#include <secondwind/emulator/server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>

namespace secondwind::emulator {

// The acceptor, and the connections that came through it.
class server::door {
public:
    door(asio::io_context& io, asio::ip::tcp::endpoint const& at, std::shared_ptr<machine> m)
        : acceptor_{io, at}, m_{std::move(m)} {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    static asio::awaitable<void> run(std::shared_ptr<door> self) {
        auto const executor = self->acceptor_.get_executor();
        asio::steady_timer pause{executor};
        while (self->acceptor_.is_open()) {
            auto [error, socket] = co_await self->acceptor_.async_accept(nothrow);
            if (error == asio::error::operation_aborted || !self->acceptor_.is_open())
                co_return;
            if (error) {
                // Out of descriptors, mostly: trying again at once would only spin.
                pause.expires_after(std::chrono::milliseconds{100});
                co_await pause.async_wait(nothrow);
                continue;
            }
            auto const number = ++self->m_->counts.connections_accepted;
            auto fresh = std::make_shared<connection>(std::move(socket), self->m_, number);
            std::erase_if(self->open_, [](auto const& entry) { return entry.second.expired(); });
            self->open_[number] = fresh;
            asio::co_spawn(executor, connection::serve(std::move(fresh)), rethrow);
        }
    }

    void close() {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        for (auto const& [number, weak] : open_)
            if (auto const one = weak.lock())
                one->close();
        open_.clear();
    }

    void close_idle() {
        for (auto const& [number, weak] : open_)
            if (auto const one = weak.lock(); one && one->idle())
                one->close();
    }

private:
    asio::ip::tcp::acceptor acceptor_;
    std::shared_ptr<machine> m_;
    std::map<std::uint64_t, std::weak_ptr<connection>> open_;
};

server::server(asio::io_context& io, options how)
    : io_{io}, machine_{std::make_shared<machine>(io.get_executor(), std::move(how))} {
    if (!machine_->how.on_upgrade)
        machine_->how.on_upgrade = websocket_upgrades(machine_);
}

server::~server() {
    stop();
}

void server::start(asio::ip::tcp::endpoint const& at) {
    machine_->stopping = false;
    door_ = std::make_shared<door>(io_, at, machine_);
    asio::co_spawn(io_, door::run(door_), rethrow);
}

std::uint16_t server::port() const {
    return door_->port();
}

void server::stop() {
    machine_->stopping = true;
    machine_->notify();
    if (door_)
        door_->close();
}

std::optional<std::string> server::load(std::string_view key) {
    auto const* known = machine_->models.find_model(key);
    if (known == nullptr)
        return std::nullopt;
    auto const begun = machine_->begin_load(*known, load_reason::by_hand);
    if (!begun)
        return std::nullopt;
    machine_->finish_load(*begun);
    return begun->id;
}

bool server::unload(std::string const& id) {
    return machine_->unload(id);
}

std::size_t server::corrupt(std::string_view key) {
    auto const count = machine_->models.corrupt(key);
    machine_->notify();
    return count;
}

void server::close_idle() {
    door_->close_idle();
}

void server::reset() {
    machine_->models.clear();
    auto const accepted = machine_->counts.connections_accepted;
    auto const open = machine_->counts.connections_open;
    machine_->counts = {};
    machine_->counts.connections_accepted = accepted;
    machine_->counts.connections_open = open;
    machine_->requests.clear();
    machine_->told.clear();
}

void server::on_event(std::function<void(event const&)> observer) {
    machine_->observer = std::move(observer);
}

asio::awaitable<void> server::until(std::function<bool()> holds) {
    co_await machine_->changed.until(std::move(holds));
}

} // namespace secondwind::emulator
