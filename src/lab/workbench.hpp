// What the verbs that ask a host share: its calls and their event loop, and the locks of a run.
#pragma once

#include "host_machine.hpp"

#include <secondwind/base/console.hpp>
#include <secondwind/config/config.hpp>
#include <secondwind/lab/lab.hpp>
#include <secondwind/registry/lock.hpp>
#include <secondwind/registry/records.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace secondwind::lab {

struct workbench {
    workbench(config::settings all, std::size_t index)
        : settings{std::move(all)}, upstream{settings->upstreams[index]}, machine{environment(),
                                                                                  upstream,
                                                                                  settings} {}

    host::environment environment() noexcept { return {io, deadlines, blocks, fields}; }

    // Runs a task to its end, and throws what it throws. What else was begun goes on with the next
    // one.
    void run(std::function<net::task<void>()> work);

    net::asio::io_context io{1};
    net::deadline_queue deadlines{io};
    net::block_pool blocks;
    http::field_list fields;
    config::current_settings settings;
    config::upstream upstream;
    host_machine machine;
};

// True if the host is this machine.
bool is_local(config::upstream const& upstream);
registry::host host_row(config::upstream const& upstream);

// The upstreams that are meant, by their place in the settings. Empty, after a sentence: none, or
// several where only one can be.
std::vector<std::size_t> chosen_hosts(config::settings const& settings, lab_command const& command,
                                      bool one, console const& console);

class locks {
public:
    explicit locks(std::filesystem::path registry) : registry_{std::move(registry)} {}

    // False, after a sentence: another process has it.
    bool share_registry(console const& console);
    bool take_registry(console const& console);
    bool take_host(registry::host const& host, console const& console);

private:
    bool take(std::filesystem::path const& file, registry::file_lock::mode wanted,
              std::string const& name, console const& console);

    std::filesystem::path registry_;
    std::vector<std::unique_ptr<registry::file_lock>> held_;
};

} // namespace secondwind::lab
