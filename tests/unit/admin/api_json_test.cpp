#include "admin/api_json.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::admin;
using lmstudio::activity;

namespace {

// As a client reads it.
nlohmann::json parsed(admin::json const& document) {
    return nlohmann::json::parse(to_text(document));
}

lmstudio::instance instance(std::string id, std::string model, activity doing = activity::unknown) {
    return {std::move(id), std::move(model), 5'000, 0, doing};
}

} // namespace

TEST(api_json, describes_an_exchange) {
    telemetry::live_exchange::view v;
    v.number = 42;
    v.id = "mine";
    v.method = "POST";
    v.path = "/v1/chat/completions";
    v.host = "default";
    v.model = "qwen/qwen3-8b";
    v.phase = telemetry::phase::holding;
    v.stream = true;
    v.attempts = 2;
    v.age = 1.23456;
    v.bytes_in = 100;
    v.bytes_out = 2000;
    EXPECT_EQ(to_text(exchange_json(v)),
              R"({"number":42,"request_id":"mine","method":"POST","path":"/v1/chat/completions",)"
              R"("host":"default","moved_from":null,"model":"qwen/qwen3-8b",)"
              R"("phase":"holding","stream":true,)"
              R"("attempts":2,"age":1.235,"bytes_in":100,"bytes_out":2000,"operations":[]})");
    v.operations = {{7, "predict", "", telemetry::phase::recovering, 0.5}};
    EXPECT_EQ(parsed(exchange_json(v)).at("operations").dump(),
              R"([{"age":0.5,"endpoint":"predict","id":7,"model":null,"phase":"recovering"}])");
}

TEST(api_json, describes_a_move) {
    EXPECT_EQ(to_text(move_json({"mine", "qwen/qwen3-8b", "rtx", "mac", "load_refused"})),
              R"({"request_id":"mine","model":"qwen/qwen3-8b","from":"rtx","to":"mac",)"
              R"("reason":"load_refused"})");
    EXPECT_TRUE(parsed(move_json({"mine", "", "rtx", "mac", "connect"})).at("model").is_null());
    telemetry::live_exchange::view v;
    v.moved_from = "rtx";
    EXPECT_EQ(parsed(exchange_json(v)).at("moved_from"), "rtx");
}

TEST(api_json, has_null_if_a_request_names_no_model) {
    EXPECT_TRUE(parsed(exchange_json({})).at("model").is_null());
}

TEST(api_json, replaces_invalid_utf_8) {
    telemetry::live_exchange::view v;
    v.path = "/\xff\xfe";
    v.model = "caf\xc3\xa9";
    v.id = "\"\n";
    auto const shown = parsed(exchange_json(v));
    EXPECT_EQ(shown.at("path"), "/\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(shown.at("model"), "caf\xc3\xa9");
    EXPECT_EQ(shown.at("request_id"), "\"\n");
}

TEST(api_json, names_the_settings_of_recoveries_like_the_configuration) {
    config::recovery settings;
    settings.mode = config::recovery_mode::observe;
    settings.evict = policy::evict::enough;
    settings.pinned = {"qwen/*"};
    settings.max_replays = 2;
    EXPECT_EQ(to_text(recovery_settings_json(settings)),
              R"({"mode":"observe","evict":"enough","pinned":["qwen/*"],"max_replays":2})");
}

TEST(api_json, lists_loaded_models_first_and_then_by_key) {
    lmstudio::inventory const loaded{instance("zebra", "zebra"), instance("ant:2", "ant"),
                                     instance("ant", "ant")};
    std::vector<lmstudio::model_on_disk> const on_disk{{"yak", 7}, {"bee", 0}};
    auto const list = parsed(models_json(loaded, on_disk, {}, {}));
    std::vector<std::string> keys;
    for (auto const& each : list)
        keys.push_back(each.at("key"));
    EXPECT_THAT(keys, testing::ElementsAre("ant", "zebra", "bee", "yak"));
    EXPECT_EQ(list[0].at("instances").size(), 2U);
    EXPECT_EQ(list[0].at("instances")[0].at("id"), "ant:2");
    EXPECT_EQ(list[0].at("size"), 5'000);
    EXPECT_TRUE(list[2].at("instances").empty());
    EXPECT_TRUE(list[2].at("size").is_null());
    EXPECT_EQ(list[3].at("size"), 7);
}

TEST(api_json, has_null_for_what_the_host_does_not_report) {
    lmstudio::inventory loaded{instance("a", "a", activity::busy),
                               instance("b", "b", activity::idle), instance("c", "c")};
    loaded[1].last_used_ms = 1'790'000'000'123;
    auto const list = parsed(models_json(loaded, {}, {}, {}));
    EXPECT_EQ(list[0].at("instances")[0].at("busy"), true);
    EXPECT_EQ(list[1].at("instances")[0].at("busy"), false);
    EXPECT_TRUE(list[2].at("instances")[0].at("busy").is_null());
    EXPECT_TRUE(list[0].at("instances")[0].at("last_used").is_null());
    EXPECT_EQ(list[1].at("instances")[0].at("last_used"), "2026-09-21T14:13:20.123Z");
}

TEST(api_json, counts_requests_in_flight_by_instance_and_by_model) {
    lmstudio::inventory const loaded{instance("a", "a"), instance("a:2", "a"), instance("b", "b")};
    use_counts const used{{"a", 2}, {"a:2", 1}, {"other", 5}};
    auto const list = parsed(models_json(loaded, {}, {}, used));
    EXPECT_EQ(list[0].at("instances")[0].at("in_flight"), 2);
    EXPECT_EQ(list[0].at("instances")[1].at("in_flight"), 1);
    EXPECT_EQ(list[1].at("instances")[0].at("in_flight"), 0);
}

TEST(api_json, tells_beside_a_model_what_the_lab_has_measured) {
    std::vector<lmstudio::model_on_disk> const on_disk{{"a", 7}, {"b", 8}, {"c", 9}};
    policy::lab_result fresh;
    fresh.key = "a";
    fresh.size = 7;
    fresh.works = 49'152;
    fresh.most = 131'072;
    fresh.default_works = false;
    fresh.limited_by = "guardrail";
    fresh.mode = "normal";
    fresh.tps = 41.5;
    fresh.measured = std::chrono::system_clock::now();
    fresh.curve = {{4096, 41.5}};
    policy::lab_result other; // of another file, and nothing works
    other.key = "b";
    other.size = 9;
    other.measured = fresh.measured;
    auto const list = parsed(models_json({}, on_disk, {}, {}, {fresh, other}));
    auto first = list[0].at("lab");
    first.erase("measured_at");
    EXPECT_EQ(first, nlohmann::json::parse(R"({"works":49152,"max":131072,"default_works":false,
        "limited_by":"guardrail","tps":41.5,"mode":"normal","stale":false,
        "curve":[{"context":4096,"tps":41.5}]})"));
    EXPECT_EQ(list[1].at("lab").at("works"), nullptr);
    EXPECT_EQ(list[1].at("lab").at("stale"), true);
    EXPECT_EQ(list[2].at("lab"), nullptr);
}

TEST(api_json, shows_what_a_pattern_pins_by_key_or_instance) {
    lmstudio::inventory const loaded{instance("chosen", "a"), instance("a:2", "a"),
                                     instance("b", "b")};
    std::vector<lmstudio::model_on_disk> const on_disk{{"qwen/c", 1}, {"d", 1}};
    auto const list = parsed(models_json(loaded, on_disk, {"qwen/*", "chosen"}, {}));
    EXPECT_EQ(list[0].at("pinned"), true);
    EXPECT_EQ(list[1].at("pinned"), false);
    EXPECT_EQ(list[2].at("key"), "d");
    EXPECT_EQ(list[2].at("pinned"), false);
    EXPECT_EQ(list[3].at("pinned"), true);
}
