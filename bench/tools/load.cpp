// The load generator of the benchmark: clients on one thread. It prints one JSON object, and fails
// if any answer is not exactly right.
//
//     bench_load MODE --port PORT [OPTION NUMBER]...
//
//     closed   --connections --n         n requests in total over that many persistent connections
//     sse      --connections --events --gap-us      one stream each; a gap of 0 is a burst
//     up       --n --bytes               uploads, one after another
//     down     --n --bytes               downloads, one after another
//     idle     --connections             one request on each, then hold them
//     open     --connections --rate      hold streams with that many events per second in total
//     recover  --n [--direct 1]          requests that meet a full memory at first; --direct: the
//                                        load generator itself does the work of a recovery
//
// "idle" and "open" print {"ready":N} when all are connected, then the count of events for each
// line of standard input, and end with it. "closed" with --wait 1 is ready when each connection has
// got its first answer, and begins at a line of standard input. Each mode takes --tls 1.

#include <algorithm>
#include <cinttypes>
#include <memory>
#include <string>
#include <vector>

#include "client.hpp"
#include "options.hpp"
#include "prompt.hpp"

namespace bench {
namespace {

constexpr std::size_t answer_size = 1024;
constexpr std::size_t event_size = 256;
/// How many connections are opened at a time, so that the accept queue does not overflow.
constexpr std::uint64_t opened_at_once = 64;

class run {
public:
    run(std::string mode, const options& given) : mode_(std::move(mode)), given_(given) {}

    void closed() {
        const question request = completion_question();
        const std::uint64_t connections = given_["connections"];
        std::uint64_t left = 0; // after the first answer of each, which only warms up
        open(connections, [&](client& one) {
            if (all_.measuring) {
                all_.latencies.push_back(one.waited());
            }
            if (left > 0) {
                --left;
                one.ask(request);
            }
        });
        for (client* one : clients_) {
            one->ask(request);
        }
        until([&] { return all_.answers == connections; });
        if (given_["wait"] != 0) {
            await_line();
        }
        begin();
        left = given_["n"];
        for (std::size_t i = 0; i < clients_.size() && left > 0; ++i) {
            --left;
            clients_[i]->ask(request);
        }
        until([&] { return all_.answers == given_["n"]; });
        report();
    }

    void sse() {
        const std::uint64_t events = given_["events"];
        const question request = stream_question(events, given_["gap-us"]);
        open(given_["connections"], [](client&) {});
        begin();
        for (client* one : clients_) {
            one->ask(request);
        }
        until([&] { return all_.answers == clients_.size(); });
        report();
    }

    void up() {
        question request{chat("bench-json-" + std::to_string(answer_size), false, given_["bytes"])};
        request.length = answer_size;
        one_after_another({request}, given_["n"]);
    }

    void down() {
        question request{get("/big/" + std::to_string(given_["bytes"]))};
        request.length = given_["bytes"];
        one_after_another({request}, given_["n"]);
    }

    void idle() {
        const question request = completion_question();
        crowd_of(given_["connections"], request, true);
        hold();
    }

    void open_streams() {
        const std::uint64_t connections = given_["connections"];
        const std::uint64_t gap_us =
            connections * 1'000'000U / std::max(given_["rate"], std::uint64_t{1});
        const question request = stream_question(1'000'000'000U, gap_us);
        crowd_of(connections, request, false);
        hold();
    }

    void recover() {
        const std::string run_id = std::to_string(getpid()) + "-" + std::to_string(now_ns()) + "-";
        const std::string listing = get("/api/v1/models");
        const std::string unloading =
            post("/api/v1/models/unload", R"({"instance_id":"old-model"})");
        std::vector<question> questions;
        for (std::uint64_t i = 0; i < given_["n"]; ++i) {
            question wanted{chat("bench-rec-" + run_id + std::to_string(i), false)};
            wanted.length = answer_size;
            if (given_["direct"] != 0) {
                questions.push_back({wanted.request, 400, memory_error.size()});
                questions.push_back({listing, 200, inventory(true).size()});
                questions.push_back({unloading});
                questions.push_back({listing, 200, inventory(false).size()});
            }
            questions.push_back(wanted);
        }
        one_after_another(questions, 1, given_["direct"] != 0 ? 5 : 1);
    }

private:
    static question completion_question() {
        question request{chat("bench-json-" + std::to_string(answer_size), false)};
        request.length = answer_size;
        return request;
    }

    static question stream_question(std::uint64_t events, std::uint64_t gap_us) {
        question request{chat("bench-sse-" + std::to_string(events) + "-" +
                                  std::to_string(event_size) + "-" + std::to_string(gap_us),
                              true)};
        request.length = events * event_size + done_event.size();
        request.events = events;
        return request;
    }

    void open(std::uint64_t count, client::handler answered, client::handler begun = nullptr) {
        for (std::uint64_t i = 0; i < count; ++i) {
            auto one = std::make_shared<client>(connect_to(given_.port("port")), given_["tls"] != 0,
                                                all_, answered, begun);
            clients_.push_back(one.get());
            all_.loop.add(std::move(one));
        }
    }

    /// Opens connections, some at a time, each of which sends one request.
    void crowd_of(std::uint64_t count, const question& request, bool until_answered) {
        std::uint64_t there = 0;
        const client::handler arrived = [&there](client&) { ++there; };
        const client::handler unexpected = [](client&) { give_up("a stream ended too soon"); };
        while (clients_.size() < count) {
            const std::size_t before = clients_.size();
            const std::uint64_t more = std::min(opened_at_once, count - before);
            until_answered ? open(more, arrived) : open(more, unexpected, arrived);
            for (std::size_t i = before; i < clients_.size(); ++i) {
                clients_[i]->ask(request);
            }
            until([&] { return there == clients_.size(); });
        }
    }

    /// Sends the list of requests `times` times over one connection; measures each `group`'s
    /// latency.
    void one_after_another(const std::vector<question>& questions, std::uint64_t times,
                           std::size_t group = 1) {
        const std::uint64_t total = questions.size() * times;
        std::uint64_t asked = 0;
        std::uint64_t group_began = 0;
        const auto next = [&](client& one) {
            if (asked % group == 0) {
                const std::uint64_t now = now_ns();
                if (asked > 0) {
                    all_.latencies.push_back(now - group_began);
                }
                group_began = now;
            }
            if (asked < total) {
                one.ask(questions[asked++ % questions.size()]);
            }
        };
        open(1, next);
        begin();
        next(*clients_.front());
        until([&] { return all_.answers == total; });
        report();
    }

    template<typename Condition>
    void until(Condition condition) {
        while (!condition()) {
            all_.loop.wait();
        }
    }

    void begin() {
        all_.measuring = true;
        all_.answers = all_.events = 0;
        began_ = now_ns();
    }

    prompt& standard_input() {
        if (!prompt_) {
            prompt_ = std::make_shared<prompt>();
            all_.loop.add(prompt_);
            std::printf("{\"ready\":%zu}\n", clients_.size());
            std::fflush(stdout);
        }
        return *prompt_;
    }

    void await_line() {
        const prompt& input = standard_input();
        until([&] { return input.lines > 0 || input.ended; });
    }

    void hold() {
        const prompt& input = standard_input();
        begin();
        for (std::uint64_t said = 0; !input.ended;) {
            until([&] { return input.lines > said || input.ended; });
            for (; said < input.lines; ++said) {
                std::printf("{\"events\":%" PRIu64 "}\n", all_.events);
                std::fflush(stdout);
            }
        }
        report();
    }

    double percentile_us(double share) {
        std::vector<std::uint64_t>& sorted = all_.latencies;
        if (sorted.empty()) {
            return 0;
        }
        const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
        std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(at),
                         sorted.end());
        return static_cast<double>(sorted[at]) / 1e3;
    }

    void report() {
        const double seconds = static_cast<double>(now_ns() - began_) / 1e9;
        std::printf("{\"mode\":\"%s\",\"connections\":%zu,\"answers\":%" PRIu64
                    ",\"events\":%" PRIu64 ",\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
                    mode_.c_str(), clients_.size(), all_.answers, all_.events, seconds,
                    percentile_us(0.50), percentile_us(0.99));
    }

    const std::string mode_;
    const options& given_;
    crowd all_;
    std::vector<client*> clients_; // owned by the loop
    std::shared_ptr<prompt> prompt_;
    std::uint64_t began_ = 0;
};

} // namespace
} // namespace bench

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const bench::options given(
        argc, argv, 2,
        {"port", "connections", "n", "events", "gap-us", "bytes", "rate", "direct", "wait", "tls"});
    bench::settle_in();
    bench::run run(mode, given);
    if (mode == "closed") {
        run.closed();
    } else if (mode == "sse") {
        run.sse();
    } else if (mode == "up") {
        run.up();
    } else if (mode == "down") {
        run.down();
    } else if (mode == "idle") {
        run.idle();
    } else if (mode == "open") {
        run.open_streams();
    } else if (mode == "recover") {
        run.recover();
    } else {
        bench::give_up("unknown mode; the head of tools/load.cpp lists them");
    }
}
