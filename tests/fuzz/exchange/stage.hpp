// The proxy, one client and one host in one thread, moved on round by round: no run waits for time.
#pragma once

#include "plain_http.hpp"

#include <secondwind/proxy/server.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::fuzz {

// One end of a connection over the loopback: a bare descriptor, so that nothing but the proxy is
// in the event loop.
class peer {
public:
    enum class state : std::uint8_t { open, ended, broken };

    explicit peer(int descriptor) noexcept : descriptor_{descriptor} {}
    peer(peer&& other) noexcept;
    peer& operator=(peer&&) = delete;
    peer(peer const&) = delete;
    peer& operator=(peer const&) = delete;
    ~peer() { reset(); }

    // What the other side is too far gone to take is lost, as it is on a wire.
    void send(std::string_view bytes);
    // Reads what is there; true if anything came, the end included.
    bool receive();
    void half_close() noexcept;
    void close() noexcept;
    // Loses what is on its way in both directions.
    void reset() noexcept;

    bool is_open() const noexcept { return descriptor_ >= 0; }
    // Whether and how the other side has ended.
    state other() const noexcept { return other_; }

    std::string received;

private:
    int descriptor_;
    state other_ = state::open;
};

class stage {
public:
    // `how` tells the limits; addresses and time limits are set here.
    explicit stage(config::settings how);
    stage(stage const&) = delete;
    stage& operator=(stage const&) = delete;
    ~stage() = delete; // it lives as long as the process: a server must not end before its loop

    peer connect();
    // A connection of the proxy to the host, if one waits.
    std::optional<peer> accept();

    // Makes a run and judges it; one that breaks a promise is made once more, slowly, because the
    // kernel may deliver a byte or an end a moment late. The second word counts.
    template<class Run>
    void judge(Run&& run) {
        rounds_ = 2;
        try {
            run();
            return;
        } catch (broken_promise const&) {
            sweep();
        }
        rounds_ = 10;
        run();
    }

    // Moves everything once.
    template<class Others>
    void turn(Others&& others) {
        poll(0);
        others();
    }

    // Moves everything until nothing moves any more. `others` moves the client and the host, and
    // tells whether it did anything.
    template<class Others>
    void settle(Others&& others) {
        // A recovery pauses before it asks once more.
        for (unsigned quiet = 0; quiet < (recovering() ? longest_pause : rounds_);) {
            bool const moved = poll(quiet);
            quiet = others() || moved ? 0 : quiet + 1;
        }
    }

    // Moves everything until `done`, which must come.
    template<class Others, class Done>
    void settle_until(Others&& others, Done&& done) {
        for (unsigned quiet = 0; !done();) {
            bool const moved = poll(quiet);
            quiet = others() || moved ? 0 : quiet + 1;
            require(quiet < patience, "everything comes to rest");
        }
    }

    // Waits until nothing is left of any exchange. `open` tells how many connections the host sees:
    // none, once the proxy's idle ones are closed, or one is still lent to nobody.
    template<class Others, class Open>
    void rest(Others&& others, Open&& open) {
        settle_until(others, [this] { return at_rest(); });
        close_idle();
        settle_until(others, [&open] { return open() == 0; });
    }
    proxy::server& server() noexcept { return server_; }
    bool recovering();

private:
    // Quiet rounds, of a millisecond at least: a machine that stands still for a while is no
    // finding.
    static constexpr unsigned patience = 4000;
    static constexpr unsigned longest_pause = 2500;

    bool poll(unsigned quiet);
    bool at_rest();
    void close_idle();
    void sweep(); // away what a run that was given up has left

    int listener_;
    boost::asio::io_context io_;
    config::current_settings settings_;
    proxy::server server_;
    unsigned rounds_ = 2;
};

} // namespace secondwind::fuzz
