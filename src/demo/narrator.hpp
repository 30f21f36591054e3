// Says what the emulated host and the proxy do, as it happens.
#pragma once

#include <secondwind/emulator/activity.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <cstdio>
#include <string>
#include <string_view>

namespace secondwind::demo {

class narrator {
public:
    enum class voice : std::uint8_t { client, proxy, host };

    explicit narrator(std::FILE* out) noexcept : out_{out} {}

    void title(std::string_view text);
    void say(voice who, std::string_view text);
    void plain(std::string_view text);

    void hear(emulator::event const& e);
    void hear(recovery::step s, recovery::record const& r);

private:
    std::FILE* out_;
};

} // namespace secondwind::demo
