// One prediction's mark on its instance.
#pragma once

#include <secondwind/emulator/machine.hpp>

#include <cstdint>
#include <memory>

namespace secondwind::emulator {

// The instance is busy as long as this lives.
class activity {
public:
    activity(std::shared_ptr<machine> m, std::uint64_t serial);
    ~activity();
    activity(activity const&) = delete;
    activity& operator=(activity const&) = delete;

    // From here on it generates: until then it processes its prompt.
    void first_token();

private:
    std::shared_ptr<machine> m_;
    std::uint64_t serial_;
    bool generating_ = false;
};

} // namespace secondwind::emulator
