// All that the admin listener shows, of a process that serves nobody.
#pragma once

#include "changeable_settings.hpp"

#include "secondwind/admin/sources.hpp"

#include <cstdint>

namespace secondwind::test {

struct admin_state {
    explicit admin_state(std::uint64_t replay_buffer_used) {
        proxy.replay_buffer_used = replay_buffer_used;
    }

    boost::asio::io_context io;
    net::deadline_queue deadlines{io};
    net::block_pool blocks;
    http::field_list fields;
    changeable_settings in_force;
    config::settings& settings = in_force.values();
    telemetry::traffic traffic;
    telemetry::exchange_list exchanges;
    telemetry::request_ring requests;
    telemetry::history past;
    recovery::ledger ledger;
    host::host_list hosts{host::environment{io, deadlines, blocks, fields}, in_force, ledger};
    recovery::router router{io, deadlines, in_force, "secret"};
    admin::proxy_state proxy{"127.0.0.1:1235", 3, 384, 0, false};
    admin::sources shown{io,
                         deadlines,
                         in_force,
                         traffic,
                         exchanges,
                         requests,
                         past,
                         ledger,
                         hosts,
                         router,
                         [this] { return proxy; },
                         {},
                         {},
                         "1.2.3"};
};

} // namespace secondwind::test
