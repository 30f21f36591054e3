// Prints the demo: what the emulated host and the proxy do, as it happens.
#pragma once

#include <secondwind/emulator/activity.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace secondwind::demo {

class narrator {
public:
    enum class speaker : std::uint8_t { client, proxy, host };

    explicit narrator(std::FILE* out) noexcept : out_{out} {}

    void title(std::string_view text);
    void say(speaker from, std::string_view text);
    void plain(std::string_view text);

    void on_event(emulator::event const& event);
    void on_step(recovery::step step, recovery::record const& record);

private:
    std::FILE* out_;
};

} // namespace secondwind::demo
