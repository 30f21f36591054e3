// How far a listing got, as the view of the host learns it.
#include "support/control_fixture.hpp"
#include "support/raw_host.hpp"

using namespace secondwind;
using namespace secondwind::test;
using namespace std::chrono_literals;
using recovery::contact;

namespace {

struct health_reach : with_control {
    asio::awaitable<void> is(contact expected) {
        auto const got = co_await list();
        EXPECT_EQ(got.reached, expected) << got.error;
        EXPECT_EQ(got.instances.has_value(), got.error.empty());
    }
    // The path that every listing begins with, once.
    void answers(emulator::canned answer) {
        lm->script().answer_next("/api/v1/models", std::move(answer));
    }
};

} // namespace

TEST_F(health_reach, is_an_answer_if_there_is_a_list) {
    run(is(contact::answered));
}

TEST_F(health_reach, is_an_answer_if_an_older_host_lists_over_the_websocket) {
    auto how = small_host();
    how.rest_v1 = false;
    serve(how);
    run(is(contact::answered));
}

TEST_F(health_reach, is_an_answer_if_a_token_is_required) {
    auto how = small_host();
    how.api_token = "sk-lm-Abcd1234:0123456789abcdefGHIJ";
    serve(how);
    run(is(contact::answered));
}

TEST_F(health_reach, is_an_answer_if_another_server_answers) {
    auto how = small_host();
    how.on_upgrade = ws_script({});
    serve(how);
    settings.list_timeout = 100ms;
    answers(emulator::canned::json(200, R"({"error":"Unexpected endpoint or method."})"));
    run(is(contact::answered));
}

TEST_F(health_reach, is_an_answer_even_if_it_is_not_http) {
    answers(emulator::canned::bytes("220 mail.example ESMTP\r\n", emulator::canned::then::close));
    run(is(contact::answered));
}

TEST_F(health_reach, is_none_if_nothing_listens) {
    lm->stop();
    run(is(contact::unreachable));
}

TEST_F(health_reach, is_none_if_the_name_is_invalid) {
    upstream.host = std::string(64, 'x'); // no name has so long a label
    run(is(contact::unreachable));
}

TEST_F(health_reach, is_no_answer_if_the_connection_is_closed) {
    answers(emulator::canned::close());
    run(is(contact::no_answer));
}

TEST_F(health_reach, is_no_answer_if_the_host_is_silent) {
    settings.list_timeout = 50ms;
    raw_host silent{io};
    upstream.port = silent.port();
    run(is(contact::no_answer));
}

TEST_F(health_reach, is_unknown_if_the_listing_was_cancelled) {
    raw_host silent{io};
    upstream.port = silent.port();
    auto task = [](health_reach& t, raw_host& host) -> asio::awaitable<void> {
        pending listing{t.io, t.control->list({})};
        auto peer = co_await host.accept();
        t.pool->abort();
        auto const got = co_await listing.ended();
        EXPECT_EQ(got.reached, contact::none);
    };
    run(task(*this, silent));
}
