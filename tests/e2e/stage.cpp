// The server side of the end-to-end tests: an emulated LM Studio with the proxy in front of it, in
// one process that a test runner controls. It prints one JSON line with its URLs, then answers each
// JSON line that it reads with another one; it ends with its input.
//
//     {"state":true}                         the loaded models, and the counters
//     {"reset":true}                         restores the state at the start
//     {"load":"key"} {"unload":"id"} {"corrupt":"key"}
//     {"fail":"predict","error":"text"}      the next operation of that endpoint fails
//     {"hold_generations":1} {"release_generations":true}
//     {"hold_loads":true} {"release_loads":true}
//     {"await":{"aborted":1}}                answers when that many generations have ended so, when
//                                            so many models are "loading", or none ("not_loading"),
//                                            or so many loads were "refused"
//     {"say_to":"text","reply":{"reasoning":"","text":"","calls":[{"tool":"x","arguments":{}}]}}
//                                            the reply to the next request with that text
//     {"requests":"/path"}                   the bodies of the requests for that path
//
// The URL `several` is that of another proxy, in front of the same host and a second one, which no
// command reaches.
//
// An argument is the key that clients have to send; LM Studio then requires a token that only the
// proxy knows. An argument that is a JSON object sets up the emulated LM Studio instead:
// {"port":1234,"parallel":4,"jit":true,"duplicate_loads":false,"load_ms":0}. With "upstream", the
// proxy connects to that port instead of the emulated LM Studio, in front of which a relay listens.
#include <secondwind/emulator/server.hpp>
#include <secondwind/policy/client_key.hpp>
#include <secondwind/proxy/server.hpp>

#include <nlohmann/json.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>

#include <unistd.h>

namespace {

namespace asio = boost::asio;
namespace emulator = secondwind::emulator;
using json = nlohmann::ordered_json;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

void rethrow(std::exception_ptr error) {
    if (error)
        std::rethrow_exception(error);
}

std::uint64_t recovered(secondwind::proxy::server& proxy) {
    auto const& records = proxy.shared().ledger.records();
    return static_cast<std::uint64_t>(std::ranges::count_if(records, [](auto const& record) {
        return record->outcome == secondwind::recovery::outcome::recovered;
    }));
}

json state_of(emulator::server const& lm, secondwind::proxy::server& proxy) {
    json state;
    state["loaded"] = json::array();
    for (auto const& i : lm.models().instances())
        if (i.state == emulator::instance_state::loaded)
            state["loaded"].push_back(i.id);
    auto const& c = lm.counts();
    state["requests"] = c.requests;
    state["loads"] = c.loads;
    state["refusals"] = c.refusals;
    state["unloads"] = c.unloads;
    state["generations"] = {{"running", c.generations_running()},
                            {"finished", c.generations_finished},
                            {"aborted", c.generations_aborted},
                            {"unloaded", c.generations_unloaded},
                            {"failed", c.generations_failed}};
    state["recovered"] = recovered(proxy);
    return state;
}

std::string text(json const& command, char const* name) {
    return command.at(name).is_string() ? command.at(name).get<std::string>() : std::string{};
}

// The counts of generations that a command waits for; an object without members if it doesn't.
json awaited(std::string const& line) {
    auto const command = json::parse(line, nullptr, false);
    if (!command.is_object() || !command.contains("await") || !command["await"].is_object())
        return json::object();
    return command["await"];
}

emulator::reply reply_in(json const& command) {
    emulator::reply said;
    if (!command.contains("reply") || !command["reply"].is_object())
        return said;
    auto const& reply = command["reply"];
    said.reasoning = reply.value("reasoning", "");
    said.text = reply.value("text", "");
    for (auto const& call : reply.value("calls", json::array()))
        said.calls.push_back({call.value("tool", ""), call.value("arguments", json{}).dump()});
    return said;
}

json bodies(emulator::server const& lm, std::string const& path) {
    auto list = json::array();
    for (auto const& request : lm.requests())
        if (request.target.substr(0, request.target.find('?')) == path)
            list.push_back(request.body);
    return list;
}

std::int64_t loading(emulator::server const& lm) {
    return std::ranges::count(lm.models().instances(), emulator::instance_state::loading,
                              &emulator::instance::state);
}

bool reached(emulator::server const& lm, secondwind::proxy::server& proxy, json const& wanted) {
    auto generations = state_of(lm, proxy)["generations"];
    generations["loading"] = loading(lm);
    generations["refused"] = lm.counts().refusals;
    generations["not_loading"] = loading(lm) == 0;
    for (auto const& [name, count] : wanted.items())
        if (!generations.contains(name) || generations[name] < count)
            return false;
    return true;
}

json obey(emulator::server& lm, secondwind::proxy::server& proxy, std::string const& line) {
    auto const command = json::parse(line, nullptr, false);
    if (!command.is_object())
        return {{"error", "not a JSON object"}};
    if (command.contains("reset")) {
        lm.reset();
    } else if (command.contains("load")) {
        if (!lm.load(text(command, "load")))
            return {{"error", "no such model, or it does not fit"}};
    } else if (command.contains("unload")) {
        if (!lm.unload(text(command, "unload")))
            return {{"error", "not loaded"}};
    } else if (command.contains("corrupt")) {
        if (lm.corrupt(text(command, "corrupt")) == 0)
            return {{"error", "not loaded"}};
    } else if (command.contains("fail")) {
        lm.script().fail_operations(text(command, "fail"), {text(command, "error")});
    } else if (command.contains("hold_generations")) {
        auto const& after = command["hold_generations"];
        lm.script().hold_generations(after.is_number_unsigned() ? after.get<std::size_t>() : 0);
    } else if (command.contains("release_generations")) {
        lm.script().release_generations();
    } else if (command.contains("hold_loads")) {
        lm.script().hold_loads();
    } else if (command.contains("release_loads")) {
        lm.script().release_loads();
    } else if (command.contains("say_to")) {
        lm.script().say_to(text(command, "say_to"), reply_in(command));
    } else if (command.contains("requests")) {
        return {{"requests", bodies(lm, text(command, "requests"))}};
    } else if (!command.contains("state") && !command.contains("await")) {
        return {{"error", "no such command"}};
    }
    return state_of(lm, proxy);
}

secondwind::net::task<void> stop_after(secondwind::net::task<void> last, asio::io_context& io) {
    co_await std::move(last);
    io.stop();
}

secondwind::net::task<void> stopped(secondwind::proxy::server& one,
                                    secondwind::proxy::server& other) {
    co_await one.stopped();
    co_await other.stopped();
}

asio::awaitable<void> take_commands(asio::io_context& io, emulator::server& lm,
                                    secondwind::proxy::server& proxy,
                                    secondwind::proxy::server& several) {
    asio::posix::stream_descriptor input{io, ::dup(STDIN_FILENO)};
    std::string buffer;
    for (;;) {
        auto const [error, size] =
            co_await asio::async_read_until(input, asio::dynamic_buffer(buffer), '\n', nothrow);
        if (error)
            break;
        auto const line = buffer.substr(0, size);
        buffer.erase(0, size);
        auto arrived = [&lm, &proxy, wanted = awaited(line)] { return reached(lm, proxy, wanted); };
        co_await lm.until(arrived);
        std::cout << obey(lm, proxy, line).dump() << std::endl;
    }
    // A client that keeps its connections open leaves sessions, each with its own coroutines.
    proxy.abort();
    several.abort();
    secondwind::net::spawn(stop_after(stopped(proxy, several), io));
}

std::string url(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

// Memory for either of the two language models, never for both.
emulator::options two_models_and_room_for_one() {
    emulator::options options;
    options.memory_bytes = 10'000'000'000;
    options.models = {{"stage/resident", emulator::model_type::llm, 6'000'000'000},
                      {"stage/wanted", emulator::model_type::llm, 8'000'000'000},
                      {"stage/embedding", emulator::model_type::embedding, 3'000'000'000}};
    return options;
}

// It has one of the first host's models, and another one.
emulator::options second_host() {
    emulator::options options;
    options.models = {{"stage/wanted", emulator::model_type::llm, 8'000'000'000},
                      {"stage/elsewhere", emulator::model_type::llm, 1'000'000'000}};
    return options;
}

void set_up(emulator::options& options, json const& wanted) {
    options.parallel = wanted.value("parallel", options.parallel);
    options.jit = wanted.value("jit", options.jit);
    options.load_time = std::chrono::milliseconds{wanted.value("load_ms", 0)};
    options.duplicate_loads = wanted.value("duplicate_loads", options.duplicate_loads);
}

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context io{1};
    auto options = two_models_and_room_for_one();
    secondwind::config::settings settings;
    auto const given = json::parse(argc > 1 ? argv[1] : "", nullptr, false);
    std::uint16_t port = 0;
    std::uint16_t upstream = 0;
    if (given.is_object()) {
        set_up(options, given);
        port = given.value("port", port);
        upstream = given.value("upstream", upstream);
    } else if (argc > 1) {
        options.api_token = "sk-lm-stage012:01234567890123456789";
        settings.clients.api_keys = {{"sdk", secondwind::policy::hash_of(argv[1])}};
    }
    emulator::server lm{io, options};
    lm.start({asio::ip::address_v4::loopback(), port});
    auto other_options = second_host();
    other_options.api_token = options.api_token;
    emulator::server other{io, other_options};
    other.start();

    settings.listen.port = 0;
    settings.upstreams.front() = {"stage", "127.0.0.1", upstream != 0 ? upstream : lm.port(),
                                  options.api_token};
    secondwind::config::current_settings const in_force{settings};
    secondwind::proxy::server proxy{io, in_force};
    proxy.start();

    auto both = settings;
    both.upstreams.push_back({"other", "127.0.0.1", other.port(), options.api_token});
    secondwind::config::current_settings const both_in_force{both};
    secondwind::proxy::server several{io, both_in_force};
    several.start();

    json const hello{{"url", url(proxy.local_endpoint().port())},
                     {"several", url(several.local_endpoint().port())},
                     {"emulator", url(lm.port())}};
    std::cout << hello.dump() << std::endl;
    asio::co_spawn(io, take_commands(io, lm, proxy, several), rethrow);
    io.run();
    return 0;
}
