#include <secondwind/recovery/ledger.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::recovery;
using policy::verdict;

namespace {

trigger cause(std::string model = "big") {
    trigger t;
    t.request_id = "id-1";
    t.path = "/v1/chat/completions";
    t.model = std::move(model);
    t.verdict = verdict::insufficient_memory;
    t.message = "full";
    return t;
}

} // namespace

TEST(ledger, numbers_its_records_and_reports_each_step) {
    recovery::ledger ledger;
    std::vector<std::string> steps;
    ledger.observe([&steps](step s, record const& r) {
        steps.push_back(std::to_string(r.id) + " " + std::string{to_string(s)});
    });
    auto const first = ledger.open("host", cause());
    auto const second = ledger.open("host", cause());
    ledger.note(step::listed, *first);
    first->awaiting = 2;
    ledger.finish(*first);
    ledger.conclude(*first, "id-2", outcome::replay_failed, false);
    ledger.conclude(*first, "id-1", outcome::recovered, true);
    EXPECT_THAT(
        steps, testing::ElementsAre("1 began", "2 began", "1 listed", "1 finished", "1 concluded"));
    EXPECT_EQ(first->outcome, outcome::recovered);
    ASSERT_EQ(first->replays.size(), 2U);
    EXPECT_EQ(first->replays[0].request_id, "id-2");
    EXPECT_EQ(first->replays[0].outcome, outcome::replay_failed);
    EXPECT_EQ(first->awaiting, 0U);
    EXPECT_EQ(second->outcome, outcome::pending);
    EXPECT_EQ(first->host, "host");
    EXPECT_EQ(first->trigger.request_id, "id-1");
}

TEST(ledger, keeps_the_newest_records) {
    recovery::ledger ledger;
    auto const oldest = ledger.open("host", cause());
    for (int i = 0; i < 1000; ++i)
        ledger.open("host", cause());
    ASSERT_EQ(ledger.records().size(), 1000U);
    EXPECT_EQ(ledger.records().front()->id, 2U);
    EXPECT_EQ(ledger.records().back()->id, 1001U);
    // An exchange may still hold one that fell out.
    oldest->awaiting = 1;
    ledger.conclude(*oldest, "id-1", outcome::client_gone, true);
    EXPECT_EQ(oldest->outcome, outcome::client_gone);
}

TEST(ledger, writes_each_step_down_when_it_is_taken) {
    recovery::ledger ledger;
    std::size_t known = 0;
    ledger.observe([&known](step s, record const& r) {
        ++known;
        EXPECT_EQ(r.steps.size(), known) << "the step is not in the record yet";
        EXPECT_EQ(r.steps.back().step, s);
    });
    auto const r = ledger.open("host", cause());
    r->awaiting = 1;
    ledger.note(step::listed, *r);
    ledger.note(step::planned, *r);
    ledger.finish(*r);
    ledger.conclude(*r, "id-1", outcome::recovered, true);
    std::vector<std::string_view> names;
    auto before = std::chrono::microseconds{0};
    for (auto const& each : r->steps) {
        names.push_back(to_string(each.step));
        EXPECT_GE(each.at, before);
        before = each.at;
    }
    EXPECT_THAT(names, testing::ElementsAre("began", "listed", "planned", "finished", "concluded"));
}

TEST(ledger, shows_steps_in_milliseconds) {
    record r;
    r.id = 7;
    r.steps = {{step::began, std::chrono::microseconds{0}},
               {step::listed, std::chrono::microseconds{1'500}}};
    auto const shown = nlohmann::json::parse(to_json(r));
    EXPECT_EQ(shown.at("steps"), nlohmann::json::parse(R"([{"step":"began","at_ms":0.0},
                                                           {"step":"listed","at_ms":1.5}])"));
    EXPECT_EQ(shown.at("finished"), false);
    r.phase = phase::finished;
    EXPECT_EQ(nlohmann::json::parse(to_json(r)).at("finished"), true);
}

TEST(ledger, shows_what_the_plan_decided_on_each_instance) {
    record r;
    r.plan.reason = policy::plan_reason::unload;
    r.plan.considered = {{{"a:2", "a", 5}, policy::decision::unload},
                         {{"b", "b", 7}, policy::decision::busy_here}};
    EXPECT_EQ(nlohmann::json::parse(to_json(r)).at("plan"), nlohmann::json::parse(R"({
        "reason": "unload", "exhaustive": false, "instances": [
            {"id": "a:2", "model": "a", "size_bytes": 5, "decision": "unload"},
            {"id": "b", "model": "b", "size_bytes": 7, "decision": "busy_here"}]})"));
}

TEST(outcome, is_known_by_its_name) {
    for (auto const each :
         {outcome::pending, outcome::recovered, outcome::replay_failed, outcome::unload_failed,
          outcome::no_candidate, outcome::busy_timeout, outcome::futile, outcome::healed,
          outcome::not_replayable, outcome::client_gone, outcome::observed})
        EXPECT_EQ(outcome_from_string(to_string(each)), each);
    EXPECT_EQ(outcome_from_string(""), std::nullopt);
    EXPECT_EQ(outcome_from_string("Recovered"), std::nullopt);
}
