#include "test_verb.hpp"

#include "direct_lease.hpp"
#include "place.hpp"
#include "progress.hpp"
#include "proxy_lease.hpp"
#include "publish_verb.hpp"
#include "report_text.hpp"
#include "runner.hpp"
#include "workbench.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/signals.hpp>
#include <secondwind/base/system.hpp>
#include <secondwind/config/address.hpp>
#include <secondwind/registry/backup.hpp>

#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using namespace std::chrono_literals;
using registry::store;

constexpr int busy_code = static_cast<int>(run_end::busy);

// A size from the command line; false, after a sentence, if it is none.
bool read_size(std::string const& text, std::string_view flag, std::optional<std::int64_t>& into,
               console const& console) {
    if (text.empty())
        return true;
    into = parse_tokens(text);
    if (into && *into >= 1 && *into <= registry::largest_context)
        return true;
    console.print_error(fmt::format("{} takes a number of tokens from 1 to {}, as 32k, 32768 or "
                                    "32,768, but got {}",
                                    flag, grouped(registry::largest_context), in_quotes(text)));
    return false;
}

bool read_order(lab_command const& command, config::settings const& settings,
                config::upstream const& upstream, test_order& into, console const& console) {
    if (!read_size(command.context, "--ctx", into.search.only, console) ||
        !read_size(command.most, "--max", into.search.most, console))
        return false;
    into.names = command.models;
    into.search.thoroughness = command.quick      ? thoroughness::quick
                               : command.thorough ? thoroughness::thorough
                                                  : thoroughness::normal;
    into.search.prompt_time = std::chrono::duration<double>(command.prompt_time).count();
    into.require_recall = command.require_recall;
    into.limits.load = command.load_timeout;
    into.limits.prompt = command.prompt_time;
    into.limits.wait = command.wait;
    into.rules.keep = command.keep;
    into.rules.yes = command.yes;
    into.rules.pinned = settings.recovery.pinned;
    into.rules.wait = command.wait;
    into.rules.quiet = command.quiet;
    into.rules.boot = boot_id();
    into.rules.local = is_local(upstream);
    into.flash_attention = command.flash_attention;
    into.kv_on_gpu = command.kv_on_gpu;
    into.failed = command.failed;
    into.again = command.again;
    into.skip_embeddings = command.skip_embeddings;
    into.force = command.force;
    into.dry_run = command.dry_run;
    into.program = command.program;
    into.pid = own_process();
    return true;
}

// Returns why it failed, or nothing.
net::task<std::string> scan(workbench& bench, store& registry, std::size_t& models,
                            std::size_t& left_out) {
    auto& machine = bench.machine;
    auto const listed = co_await machine.list(10s);
    if (!listed.error.empty())
        co_return listed.error;
    left_out = listed.left_out;
    if (listed.models.empty())
        co_return std::string{"it lists no models"};
    auto host = host_row(bench.upstream);
    host.version = co_await machine.version(5s);
    host.seen = machine.wall_clock();
    auto const id = registry.keep(host);
    std::vector<registry::model> all;
    for (auto const& each : listed.models)
        all.push_back(each.facts);
    registry.keep_listing(id, all, machine.wall_clock());
    models = all.size();
    co_return std::string{};
}

// The leave to use the host: of the secondwind in front of it, where one runs.
class host_lease {
public:
    host_lease(workbench& bench, lab_command const& command) : bench_{bench} {
        auto address = command.direct ? std::nullopt : proxy_lease::address_in(*bench.settings);
        if (!address)
            return;
        proxy_lease::options how;
        how.host = bench.upstream.name;
        how.exclusive = command.exclusive;
        how.quiet = command.quiet;
        proxied_ = std::make_unique<proxy_lease>(bench.environment(), std::move(*address),
                                                 std::move(how), bench.settings);
        bench.run([this]() -> net::task<void> { opened_ = co_await proxied_->open(); });
    }

    host_lease(host_lease const&) = delete;
    host_lease& operator=(host_lease const&) = delete;
    // What its connection still waits for ends on the event loop.
    ~host_lease() {
        proxied_.reset();
        bench_.io.restart();
        bench_.io.poll();
    }

    // Why the lab must not run; empty: it may.
    std::string refusal() const {
        return opened_ == lease_link::opened::refused ? proxied_->failure() : std::string{};
    }
    lease& chosen() noexcept {
        if (opened_ == lease_link::opened::yes)
            return *proxied_;
        return direct_;
    }

private:
    workbench& bench_;
    direct_lease direct_;
    std::unique_ptr<proxy_lease> proxied_;
    lease_link::opened opened_ = lease_link::opened::nobody;
};

// The first ^C stops the run, which leaves the host as it was; the second one ends the process.
class interrupt {
public:
    interrupt(workbench& bench, narrator& told, runner& work) : signals_{bench.io} {
        for (auto const list : {signals::stop(), signals::hangup()})
            for (int const each : list)
                signals_.add(each);
        signals_.async_wait([&told, &work, this](auto ec, int) {
            if (ec)
                return;
            told.says("stopping: what the lab has loaded is unloaded first. Press Ctrl-C again to "
                      "leave at once, and run `secondwind lab clean` later");
            work.stop();
            signals_.async_wait([](auto again, int) {
                if (!again)
                    std::_Exit(static_cast<int>(run_end::interrupted));
            });
        });
    }

private:
    boost::asio::signal_set signals_;
};

} // namespace

int scan_hosts(config::settings settings, lab_command const& command, console const& console) {
    auto const file = registry_place(command.registry_file);
    auto const hosts = chosen_hosts(settings, command, false, console);
    if (hosts.empty())
        return 2;
    store registry{file, store::access::write};
    locks taken{file};
    if (!taken.share_registry(console))
        return busy_code;
    bool all = true;
    for (auto const index : hosts) {
        workbench bench{settings, index};
        std::size_t models = 0;
        std::string problem;
        std::size_t left_out = 0;
        bench.run([&]() -> net::task<void> {
            problem = co_await scan(bench, registry, models, left_out);
        });
        auto const& name = bench.upstream.name;
        if (problem.empty())
            console.print(
                fmt::format("{}: {}\n", name, counted(static_cast<std::int64_t>(models), "model")));
        else
            console.print_error(fmt::format("{} ({}) was not scanned, and the registry keeps what "
                                            "it has: {}",
                                            name, config::to_string(bench.upstream), problem));
        if (left_out > 0)
            console.print_error(fmt::format("{}: {}", name, left_out_note(left_out)));
        all = all && problem.empty();
    }
    return all ? 0 : 1;
}

int test_models(config::settings settings, lab_command const& command, publisher const& publish,
                console const& console) {
    auto const hosts = chosen_hosts(settings, command, true, console);
    if (hosts.empty())
        return 2;
    workbench bench{settings, hosts.front()};
    test_order order;
    if (!read_order(command, settings, bench.upstream, order, console))
        return 2;

    auto const file = registry_place(command.registry_file);
    registry::back_up(file, "run", bench.machine.wall_clock());
    store registry{file, store::access::write};
    auto host = host_row(bench.upstream);
    host.id = registry.keep(host);
    locks taken{file};
    if (!taken.share_registry(console) || !taken.take_host(host, console))
        return busy_code;

    auto const screen = standard_error();
    progress lines{console, screen};
    json_lines documents{console};
    narrator& told = command.json ? static_cast<narrator&>(documents) : lines;
    host_lease lease{bench, command};
    if (auto const refusal = lease.refusal(); !refusal.empty()) {
        console.print_error(refusal);
        return static_cast<int>(run_end::failed);
    }
    run_publisher published{registry, host.id, publish, told};
    auto const after_model = [&published] { published.publish(); };
    runner work{bench.machine, registry, lease.chosen(), told, host, std::move(order), after_model};
    interrupt const by_signal{bench, told, work};
    auto end = run_end::failed;
    bench.run([&]() -> net::task<void> { end = co_await work.run(); });
    if (command.json)
        documents.ended(static_cast<int>(end));
    return static_cast<int>(end);
}

int clean_host(config::settings settings, lab_command const& command, console const& console) {
    auto const hosts = chosen_hosts(settings, command, true, console);
    if (hosts.empty())
        return 2;
    auto const file = registry_place(command.registry_file);
    store registry{file, store::access::write};
    workbench bench{settings, hosts.front()};
    auto host = host_row(bench.upstream);
    host.id = registry.keep(host);
    locks taken{file};
    if (!taken.share_registry(console) || !taken.take_host(host, console))
        return busy_code;

    auto const screen = standard_error();
    progress lines{console, screen};
    house_rules rules;
    rules.boot = boot_id();
    rules.local = is_local(bench.upstream);
    housekeeper house{bench.machine, registry, lines, host.id, std::move(rules), {}};
    house.settle_dead_runs();
    bool done = false;
    bench.run([&]() -> net::task<void> {
        bool const unloaded = co_await house.unload_leftovers();
        bool const loaded = co_await house.put_back();
        done = unloaded && loaded;
    });
    if (done)
        console.print("nothing of the lab is left on " + host.name + "\n");
    return done ? 0 : 1;
}

} // namespace secondwind::lab
