// What the lab publishes of a host, over real sockets.
#include "support/admin_fixture.hpp"
#include "support/log_file.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::test;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

constexpr auto results_path = "/api/hosts/host/results";

json measured() {
    return json::parse(R"({"schema":1,"models":[{"key":"big","measured_at":"2026-03-14T12:00:00Z",
        "size":6000,"works":16384,"max_context":32768,"default_works":false,"alone":true,
        "mode":"normal","limited_by":"guardrail","tps":41.5}]})");
}

struct admin_results : with_admin {
    admin_results() { w.settings.admin.allow_actions = true; }

    asio::awaitable<json> publish(std::string body, int status = 200) {
        auto const answer = co_await act(results_path, body);
        EXPECT_EQ(answer.status, status) << answer.body;
        co_return json::parse(answer.body);
    }
    std::vector<policy::lab_result> const& kept() {
        return w.proxy->shared().hosts[0].recovery.lab_results;
    }
};

} // namespace

TEST_F(admin_results, are_taken_and_kept) {
    log_file const log;
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        auto const said = co_await t.publish(measured().dump());
        EXPECT_EQ(said, json({{"host", "host"}, {"models", 1}}));
    };
    run(task(*this));
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(kept().front().works, 16384);
    EXPECT_EQ(json::parse(kept_results.at("host")), measured());
    ASSERT_EQ(log.lines("lab_results").size(), 1U);
    EXPECT_EQ(log.lines("lab_results").front().at("models"), 1);
}

TEST_F(admin_results, replace_those_before) {
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        co_await t.publish(measured().dump());
        co_await t.publish(R"({"schema":1,"models":[]})");
    };
    run(task(*this));
    EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(admin_results, that_are_wrong_are_refused_with_the_reason_and_change_nothing) {
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        co_await t.publish(measured().dump());
        auto wrong = measured();
        wrong["models"][0]["works"] = 20'000'000;
        auto const said = co_await t.publish(wrong.dump(), 400);
        EXPECT_EQ(said.at("error").at("code"), "bad_request");
        EXPECT_THAT(said.at("error").at("message").get<std::string>(), HasSubstr("works"));
    };
    run(task(*this));
    ASSERT_EQ(kept().size(), 1U);
    EXPECT_EQ(kept().front().works, 16384);
    EXPECT_EQ(json::parse(kept_results.at("host")), measured());
}

TEST_F(admin_results, of_an_unknown_host_are_refused) {
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        auto const answer = co_await t.act("/api/hosts/other/results", measured().dump());
        EXPECT_EQ(answer.status, 404);
    };
    run(task(*this));
    EXPECT_THAT(kept_results, IsEmpty());
}

TEST_F(admin_results, need_permission_for_actions) {
    w.settings.admin.allow_actions = false;
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        auto const said = co_await t.publish(measured().dump(), 403);
        EXPECT_EQ(said.at("error").at("code"), "actions_disabled");
    };
    run(task(*this));
    EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(admin_results, may_have_a_mebibyte_and_no_more) {
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        auto const document = measured().dump();
        std::string const spaces(1024 * 1024 - document.size(), ' ');
        co_await t.publish(document + spaces);
        auto const said = co_await t.publish(document + spaces + " ", 413);
        EXPECT_THAT(said.at("error").at("message").get<std::string>(), HasSubstr("1024 KiB"));
    };
    run(task(*this));
}

TEST_F(admin_results, that_cannot_be_written_are_in_use_all_the_same) {
    keep_error = "/x: No space left on device";
    auto task = [](admin_results& t) -> asio::awaitable<void> {
        auto const said = co_await t.publish(measured().dump(), 500);
        EXPECT_EQ(said.at("error").at("code"), "not_kept");
        EXPECT_THAT(said.at("error").at("message").get<std::string>(),
                    HasSubstr("No space left on device"));
    };
    run(task(*this));
    EXPECT_EQ(kept().size(), 1U);
}
