#include "support/world.hpp"

namespace secondwind::test {

void world::stop() {
    if (!proxy)
        return;
    proxy->abort();
    bool done = false;
    auto wait = [](proxy::server& p, bool& flag) -> net::task<void> {
        co_await p.stopped();
        flag = true;
    };
    net::spawn(wait(*proxy, done));
    drive(io, done, std::chrono::steady_clock::now() + std::chrono::seconds{10});
    law.reset();
    proxy.reset();
}

} // namespace secondwind::test
