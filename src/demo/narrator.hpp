// Prints the demo: what the emulated host and the proxy do, as it happens.
#pragma once

#include <secondwind/base/log_output.hpp>
#include <secondwind/emulator/activity.hpp>
#include <secondwind/net/socket.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::demo {

// Prints to standard output, without waiting for whoever reads it.
class narrator {
public:
    enum class speaker : std::uint8_t { client, proxy, host };

    explicit narrator(net::asio::io_context& io)
        : out_{log::output::stream::standard_output}, again_{io} {}
    narrator(narrator const&) = delete;
    narrator& operator=(narrator const&) = delete;
    ~narrator();

    void title(std::string_view text);
    void say(speaker from, std::string_view text);
    void plain(std::string_view text);

    void on_event(emulator::event const& event);
    void on_step(recovery::step step, recovery::record const& record);

private:
    void print(std::string_view line);
    void flush();

    log::output out_;
    net::asio::steady_timer again_;
};

} // namespace secondwind::demo
