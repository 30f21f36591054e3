#include <secondwind/demo/emulate.hpp>

#include <secondwind/base/escape.hpp>
#include <secondwind/base/signals.hpp>
#include <secondwind/config/builder.hpp>
#include <secondwind/emulator/machine.hpp>
#include <secondwind/emulator/server.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>

#include <cstdio>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace secondwind::demo {

namespace {

namespace asio = boost::asio;

constexpr double gigabyte = 1e9;

emulator::machine read_machine(std::string_view text, std::string const& file) {
    try {
        return emulator::parse_machine(text);
    } catch (emulator::machine_error const& e) {
        std::vector<std::string> faults;
        for (auto const& fault : e.faults())
            faults.push_back(in_quotes(file) + ": " + fault);
        throw config::config_error{std::move(faults)};
    }
}

void load_models(emulator::server& host, emulator::machine const& machine,
                 std::string const& file) {
    host.occupy(machine.occupied_bytes);
    std::vector<std::string> faults;
    for (std::size_t i = 0; i < machine.loaded.size(); ++i) {
        auto const& one = machine.loaded[i];
        if (!host.load(one.model, one.choice))
            faults.push_back(fmt::format("{}: loaded[{}]: {} does not fit into memory: load less, "
                                         "or raise memory_bytes",
                                         in_quotes(file), i, one.model));
    }
    if (!faults.empty())
        throw config::config_error{std::move(faults)};
}

void start(emulator::server& host, config::endpoint const& address) {
    try {
        host.start({asio::ip::make_address(address.address), address.port});
    } catch (boost::system::system_error const& e) {
        throw std::runtime_error{
            fmt::format("cannot listen on {}: {}: choose another address with --listen",
                        config::to_string(address), e.code().message())};
    }
}

} // namespace

int emulate(std::string_view text, std::string const& file, config::endpoint const& address) {
    auto const machine = read_machine(text, file);
    asio::io_context io{1};
    asio::signal_set signals{io};
    for (int const each : signals::stop())
        signals.add(each);
    emulator::server host{io, machine.options};
    load_models(host, machine, file);
    start(host, address);
    fmt::print(
        "An emulated LM Studio ({} of memory, models: {}) listens on http://{}\n",
        fmt::format("{:.1f} GB", static_cast<double>(machine.options.memory_bytes) / gigabyte),
        machine.options.models.size(), config::to_string({address.address, host.port()}));
    std::fflush(stdout);
    signals.async_wait([&](boost::system::error_code ec, int) {
        if (ec)
            return;
        host.stop();
        io.stop();
    });
    io.run();
    return 0;
}

} // namespace secondwind::demo
