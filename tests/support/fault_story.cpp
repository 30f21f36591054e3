#include "support/fault_story.hpp"

#include "support/fault_host.hpp"
#include "support/fault_transcript.hpp"
#include "support/log_file.hpp"
#include "support/world.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/post.hpp>

#include <optional>

namespace secondwind::test {

namespace {

constexpr char const* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr char const* before = "/before";
constexpr char const* after = "/after";

struct stage {
    explicit stage(fault_story const& s)
        : story{s}, host{w.io, [answer = s.host](http_request const& r) {
                             return r.target == before || r.target == after
                                        ? std::vector<std::string>{ok}
                                        : answer(r);
                         }} {
        host.answer_early(story.early);
        // A fault may skip a call that only improves a plan; the calls would then differ.
        w.settings.recovery.websocket_timeout = std::chrono::milliseconds{0};
        if (story.configure)
            story.configure(w.settings);
        host.start();
        w.start(host.port());
        io.emplace(w.port(), host.port());
    }
    stage(stage const&) = delete;
    stage& operator=(stage const&) = delete;
    ~stage() {
        w.stop();
        host.stop();
        w.io.restart();
        while (!host.idle() && w.io.run_one_for(std::chrono::seconds{1}) != 0) {
        }
    }

    // What must hold when no client is left.
    bool at_rest() {
        auto& shared = w.proxy->shared();
        auto const& recovery = shared.hosts[0].recovery;
        return w.proxy->sessions() == 0 && shared.budget.used() == 0 &&
               recovery.in_flight.claims().empty() && recovery.at_rest() &&
               recovery.waiting() == 0 && io->open(io_side::client) == 0 &&
               io->open(io_side::host) == shared.hosts[0].pool.idle();
    }

    fault_story const& story;
    world w;
    fault_host host;
    std::optional<failing_io> io;
    fault_run run;
};

asio::awaitable<void> rest(stage& s) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (!s.at_rest()) {
        if (std::chrono::steady_clock::now() > end)
            throw timed_out{"something is left of the exchange"};
        co_await asio::post(s.w.io, asio::use_awaitable);
    }
}

bool is_done(client_step const& step, fault_run const& run) {
    auto const got = read_transcript(run.bytes, run.ending);
    if (step.bytes > 0)
        return run.bytes.size() >= step.bytes;
    if (step.interims > 0)
        return got.interims >= step.interims || got.complete > 0;
    return got.complete >= step.answers;
}

asio::awaitable<void> play(stage& s, raw_client& client) {
    auto& run = s.run;
    bool sending = true;
    for (auto const& step : s.story.client) {
        if (!step.send.empty() && sending) {
            sending = co_await client.send(step.send);
            co_await a_few_turns();
        }
        while (run.ending == ending::open && !is_done(step, run)) {
            try {
                run.bytes += co_await client.read_some();
            } catch (connection_ended const& e) {
                run.ending = e.ending;
            }
        }
        if (run.ending != ending::open)
            break;
    }
    client.close();
}

asio::awaitable<void> tell(stage& s, io_fault fault) {
    if (s.story.reuses) {
        raw_client first{s.w.io};
        co_await first.connect(s.w.port());
        co_await first.get(before);
        first.close();
        co_await rest(s);
    }
    s.io->arm(fault);
    raw_client client{s.w.io};
    co_await client.connect(s.w.port());
    co_await play(s, client);
    co_await rest(s);
    s.run.reached = s.io->reached();
    s.run.cut_an_answer = s.io->cut_an_answer();
    s.run.received = s.io->received();
    s.io->disarm();

    raw_client next{s.w.io};
    co_await next.connect(s.w.port());
    auto const healthy = co_await next.get(after);
    EXPECT_EQ(healthy.raw, ok);
    next.close();
    co_await rest(s);
}

} // namespace

fault_run run_story(fault_story const& story, io_fault fault) {
    log_file log;
    stage s{story};
    try {
        run(s.w.io, tell(s, fault), std::chrono::seconds{8});
    } catch (std::exception const& e) {
        ADD_FAILURE() << e.what() << "\nthe client got: " << s.run.bytes;
    }
    for (auto& line : log.lines("exchange"))
        if (auto const path = line.value("path", ""); path != before && path != after)
            s.run.lines.push_back(std::move(line));
    for (auto const& request : s.host.requests())
        if (request.target != before && request.target != after)
            s.run.requests.push_back(request);
    s.run.heads = s.host.heads();
    return std::move(s.run);
}

} // namespace secondwind::test
