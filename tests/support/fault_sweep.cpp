#include "support/fault_story.hpp"
#include "support/fault_transcript.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>

namespace secondwind::test {

namespace {

using json = nlohmann::json;

std::string name_of(io_fault f) {
    constexpr std::array calls{"read", "write", "connect", "connected"};
    constexpr std::array failures{"none",
                                  "reset",
                                  "pipe",
                                  "timed out",
                                  "end",
                                  "torn",
                                  "one byte",
                                  "would block",
                                  "refused",
                                  "no route to host",
                                  "no route to network"};
    return std::string{f.side == io_side::client ? "client " : "host "} +
           calls.at(static_cast<std::size_t>(f.call)) + " " + std::to_string(f.k) + ": " +
           failures.at(static_cast<std::size_t>(f.with));
}

// An error of the proxy itself, not one of the host.
bool is_own_error(fault_story const& story, http_answer const& a) {
    constexpr std::array codes{400, 408, 502, 504};
    auto const body = json::parse(a.body, nullptr, false);
    return std::count(codes.begin(), codes.end(), a.status) == 1 && body.is_object() &&
           body.contains("error") && a.body != story.held;
}

void expect_no_invention(fault_story const& story, transcript const& healthy, transcript const& got,
                         fault_run const& run, io_fault fault) {
    // There is one final answer to each request, and nothing can follow one that was cut off.
    EXPECT_LE(got.answers.size() + (got.half_a_head.empty() ? 0 : 1), story.requests);
    for (std::size_t i = 0; i < got.answers.size(); ++i) {
        auto const& answer = got.answers[i];
        if (is_own_error(story, answer)) {
            // While the proxy lists models it holds the host's own answer, which is better.
            EXPECT_EQ(run.heads.count("GET /api/v1/models"), 0U) << answer.body;
            continue;
        }
        if (i >= healthy.answers.size())
            continue;
        auto const& due = healthy.answers[i];
        bool const is_held =
            !due.body.starts_with(answer.body) && story.held.starts_with(answer.body);
        auto const& body = is_held ? story.held : due.body;
        if (!is_held && !answer.body.empty()) {
            EXPECT_EQ(answer.status, due.status);
        }
        EXPECT_TRUE(body.starts_with(answer.body)) << answer.body;
        // If a body ends with its connection, an early end looks like the end.
        bool const untold =
            answer.status == 101 ||
            (fault.side == io_side::host && fault.with == io_failure::end &&
             answer_framing(answer.head, answer.status, false).how == body_framing::until_close);
        if (answer.complete && !untold) {
            EXPECT_EQ(answer.body, body) << "a cut answer looks complete";
        }
    }
}

void expect_sound_at_host(fault_story const& story, fault_run const& run) {
    for (auto const& request : run.requests)
        if (request.method == "POST" && !story.body.empty() && request.target.starts_with("/v1/")) {
            EXPECT_EQ(request.body, story.body) << "a cut request looks complete";
        }
    for (auto const& [head, times] : run.heads) {
        // A GET may be sent again, but not after its answer has begun.
        auto const most = head.starts_with("POST /v1/") ? story.most_posts
                          : head.starts_with("GET /v1/") && run.cut_an_answer
                              ? 1
                              : 2 * story.most_posts;
        EXPECT_LE(times, most) << head;
    }
}

void expect_logged(fault_story const& story, fault_run const& run, transcript const& got,
                   io_fault fault) {
    auto const heads = count_heads(run.received);
    if (story.requests == 1) {
        EXPECT_EQ(run.lines.size(), heads);
    } else {
        // A request that waits for an earlier one is lost with its connection.
        EXPECT_LE(run.lines.size(), heads);
        EXPECT_GE(run.lines.size(), std::max(std::min<std::size_t>(heads, 1), got.answers.size()));
    }
    for (std::size_t i = 0; i < run.lines.size(); ++i) {
        auto const ended = run.lines[i].at("ended").get<std::string>();
        auto const status = run.lines[i].at("status").get<int>();
        auto const* answer = i < got.answers.size() ? &got.answers[i] : nullptr;
        bool const whole = answer != nullptr && answer->complete;
        static std::set<std::string> const endings{"complete", "client_gone", "cut", "failed",
                                                   "refused"};
        EXPECT_EQ(endings.count(ended), 1U) << ended;
        EXPECT_EQ(ended == "client_gone", status == 499);
        if (ended == "complete") {
            EXPECT_TRUE(whole);
        }
        if (ended == "cut" && status != 101) {
            EXPECT_FALSE(whole);
        }
        // Only a host that breaks a tunnel is logged: clients may end one at any time. A torn call
        // breaks the tunnel only if another call follows.
        if (status == 101 && fault.with != io_failure::torn) {
            bool const broken =
                fault.side == io_side::host && !fault.harmless() && fault.with != io_failure::end;
            EXPECT_EQ(ended == "cut", broken);
        }
        if (ended == "failed" || ended == "refused") {
            EXPECT_TRUE(answer == nullptr || is_own_error(story, *answer));
        }
        if (answer != nullptr && status != 499) {
            EXPECT_EQ(status, answer->status);
        }
    }
}

void expect_same(fault_story const& story, fault_run const& healthy, fault_run const& run) {
    EXPECT_EQ(run.bytes, healthy.bytes);
    EXPECT_EQ(run.heads, healthy.heads);
    EXPECT_EQ(run.requests.size(), healthy.requests.size());
    EXPECT_EQ(run.lines.size(), healthy.lines.size());
    for (std::size_t i = 0; i < std::min(run.lines.size(), healthy.lines.size()); ++i) {
        std::vector<std::string> keys{"status", "ended", "attempts", "bytes_out", "verdict"};
        // How much of an upload was sent when its answer arrives is a race.
        if (!story.early)
            keys.emplace_back("bytes_in");
        for (auto const& key : keys)
            EXPECT_EQ(run.lines[i].value(key, json{}), healthy.lines[i].value(key, json{})) << key;
    }
}

} // namespace

void expect_sound(fault_story const& story, fault_run const& healthy, fault_run const& run,
                  io_fault fault) {
    try {
        auto const wanted = read_transcript(healthy.bytes, healthy.ending);
        auto const got = read_transcript(run.bytes, run.ending);
        expect_no_invention(story, wanted, got, run, fault);
        expect_sound_at_host(story, run);
        expect_logged(story, run, got, fault);
        if (fault.harmless())
            expect_same(story, healthy, run);
    } catch (std::exception const& e) {
        ADD_FAILURE() << e.what() << " in " << run.bytes;
    }
}

std::size_t sweep(fault_story const& story) {
    struct kind {
        io_call call;
        std::vector<io_failure> failures;
    };
    using enum io_failure;
    static std::vector<kind> const kinds{
        {io_call::read, {reset, timed_out, end, torn, one_byte, would_block}},
        {io_call::write, {reset, pipe, torn, one_byte, would_block}},
        {io_call::connect, {refused, no_route_to_host, no_route_to_network}},
        {io_call::connected, {refused, timed_out}}};

    auto const healthy = run_story(story, {});
    expect_sound(story, healthy, healthy, {});
    EXPECT_EQ(read_transcript(healthy.bytes, healthy.ending).complete, story.requests);
    std::size_t runs = 1;
    for (auto const side : {io_side::client, io_side::host}) {
        for (auto const& [call, failures] : kinds) {
            for (auto const failure : failures) {
                for (std::size_t k = 0; !testing::Test::HasFatalFailure(); ++k, ++runs) {
                    io_fault const fault{side, call, k, failure};
                    SCOPED_TRACE(name_of(fault));
                    auto const run = run_story(story, fault);
                    if (!run.reached)
                        break;
                    expect_sound(story, healthy, run, fault);
                }
            }
        }
    }
    testing::Test::RecordProperty("runs", std::to_string(runs));
    return runs;
}

} // namespace secondwind::test
