#pragma once
// Watches standard input: how many lines arrived, and whether it ended.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "event_loop.hpp"

namespace bench {

class prompt : public watcher {
public:
    prompt() : watcher(dup(STDIN_FILENO)) { fcntl(fd(), F_SETFL, O_NONBLOCK); }

    void ready(std::uint32_t) override {
        char bytes[64];
        ssize_t count = 0;
        while ((count = read(fd(), bytes, sizeof bytes)) > 0) {
            lines += static_cast<std::uint64_t>(std::count(bytes, bytes + count, '\n'));
        }
        ended = ended || count == 0;
    }

    std::uint64_t lines = 0;
    bool ended = false;
};

} // namespace bench
