#include "workbench.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/config/address.hpp>

#include <exception>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using registry::file_lock;

net::task<void> run_whole(workbench& bench, std::function<net::task<void>()> const& work,
                          std::exception_ptr& failed) {
    try {
        co_await work();
    } catch (std::exception const&) {
        failed = std::current_exception();
    }
    bench.machine.close();
    bench.io.stop();
}

} // namespace

void workbench::run(std::function<net::task<void>()> work) {
    std::exception_ptr failed;
    io.restart();
    net::spawn(run_whole(*this, work, failed));
    io.run();
    if (failed)
        std::rethrow_exception(failed);
}

bool is_local(config::upstream const& upstream) {
    return upstream.host == "localhost" ||
           config::is_loopback(config::endpoint{upstream.host, upstream.port});
}

registry::host host_row(config::upstream const& upstream) {
    registry::host host;
    host.name = upstream.name;
    host.url = config::to_string(upstream);
    return host;
}

std::vector<std::size_t> chosen_hosts(config::settings const& settings, lab_command const& command,
                                      bool one, console const& console) {
    std::vector<std::size_t> found;
    std::string names;
    for (std::size_t i = 0; i < settings.upstreams.size(); ++i) {
        auto const& name = settings.upstreams[i].name;
        names += (names.empty() ? "" : ", ") + name;
        if (!command.host || *command.host == name)
            found.push_back(i);
    }
    if (found.empty()) {
        console.print_error(fmt::format("there is no upstream {}: the configuration has {}",
                                        in_quotes(*command.host), names));
    } else if (one && found.size() > 1) {
        console.print_error(
            fmt::format("there are several upstreams: choose one with --host ({})", names));
        found.clear();
    }
    return found;
}

bool locks::share_registry(console const& console) {
    return take(registry::registry_lock_file(registry_), file_lock::mode::shared, "the registry",
                console);
}

bool locks::take_registry(console const& console) {
    return take(registry::registry_lock_file(registry_), file_lock::mode::exclusive, "the registry",
                console);
}

bool locks::take_host(registry::host const& host, console const& console) {
    return take(registry::host_lock_file(registry_, host.id), file_lock::mode::exclusive,
                "the host " + host.name, console);
}

bool locks::take(std::filesystem::path const& file, file_lock::mode wanted, std::string const& name,
                 console const& console) {
    auto lock = std::make_unique<file_lock>(file, wanted);
    if (!lock->held()) {
        auto const& holder = lock->holder();
        console.print_error(
            fmt::format("{} is in use by {}: wait until it has ended, or end it", name,
                        holder.empty() ? std::string{"another secondwind lab"} : holder));
        return false;
    }
    held_.push_back(std::move(lock));
    return true;
}

} // namespace secondwind::lab
