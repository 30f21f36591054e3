#include "load.hpp"

namespace secondwind::emulator {

asio::awaitable<load_end> await_load(std::shared_ptr<machine> m, instance begun,
                                     std::shared_ptr<presence const> client) {
    auto left = [m = m.get(), client] { return m->stopping || client->gone; };
    auto const over = signal::clock::now() + m->how.load_time;
    co_await m->changed.until(left, over);
    auto released = [m = m.get(), left] { return !m->told.loads_held() || left(); };
    co_await m->changed.until(released);

    bool const abandoned = left();
    if (abandoned || !m->finish_load(begun)) {
        m->cancel_load(begun);
        co_return load_end::abandoned;
    }
    co_return load_end::loaded;
}

} // namespace secondwind::emulator
