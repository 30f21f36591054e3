#include "support/deadline_law.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <string_view>

namespace secondwind::test {

void deadline_law::after_handler() {
    using telemetry::phase;
    auto const sessions = proxy_.sessions();
    // A crowd would take all the test's time, and shows nothing that a few do not.
    if (sessions > 50)
        return;
    auto& shared = proxy_.shared();
    std::map<std::string_view, std::size_t> armed;
    shared.deadlines.for_each_armed([&](std::string_view name) { ++armed[name]; });
    std::map<phase, std::size_t> exchanges;
    std::size_t served = 0;
    for (auto& each : shared.exchanges) {
        ++exchanges[each.phase()];
        ++served;
    }

    // A session whose request is not being served reads one, or ends.
    auto const reading = sessions - served;
    auto const of_a_session =
        armed["tls_handshake"] + armed["client_idle"] + armed["request_head"] + armed["linger"];
    EXPECT_LE(of_a_session, reading) << "a deadline of reading a request outlived it";
    // A host may answer before the request is sent to its end.
    auto const sending = exchanges[phase::sending];
    EXPECT_LE(armed["body_idle"], reading + sending) << "body_idle outlived the body";
    EXPECT_LE(armed["first_byte"], sending + exchanges[phase::waiting])
        << "first_byte outlived the wait for an answer";
    EXPECT_LE(armed["hold_time"], exchanges[phase::holding])
        << "hold_time outlived the hold of an answer";
    // Each of them waits for one thing at a time.
    EXPECT_LE(of_a_session + armed["body_idle"] + armed["first_byte"] + armed["hold_time"],
              sessions);
}

} // namespace secondwind::test
