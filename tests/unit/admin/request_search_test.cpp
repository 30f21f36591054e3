#include "admin/request_search.hpp"
#include "paging.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

using namespace secondwind;
using namespace secondwind::admin;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace request_search_test {

moment const now{std::chrono::system_clock::time_point{std::chrono::seconds{1'790'000'100}},
                 std::chrono::steady_clock::time_point{std::chrono::hours{7}}};

void put(telemetry::request_ring& all, telemetry::finished const& one,
         std::vector<telemetry::earlier_attempt> earlier = {}) {
    all.add([&one](telemetry::finished& row) { row = one; }, earlier);
}

// One a second, the last one a second ago. Every second one is for "big" on the spare host, every
// third one has failed.
telemetry::request_ring ring_of(unsigned count) {
    telemetry::request_ring all;
    all.bound(1000);
    for (unsigned number = 1; number <= count; ++number) {
        telemetry::finished one;
        one.began = now.steady - std::chrono::seconds{count + 1 - number};
        one.model = number % 2 == 0 ? "big" : "small";
        one.host = number % 2 == 0 ? "spare" : "default";
        one.status = number % 3 == 0 ? 502 : 200;
        one.ended = number % 3 == 0 ? "failed" : "complete";
        one.verdict = "healthy";
        one.client = number == 1 ? "laptop" : "";
        one.route = telemetry::route::chat_completions;
        one.id = number == 5 ? "mine" : "other";
        put(all, one);
    }
    return all;
}

request_search reading(std::string_view query) {
    request_search wanted;
    EXPECT_EQ(read_search(query, wanted), "") << query;
    return wanted;
}

std::string complaint_of(std::string_view query) {
    request_search wanted;
    return read_search(query, wanted);
}

std::vector<std::uint64_t> found(telemetry::request_ring const& all, std::string_view query) {
    return find_requests(all, reading(query), now).numbers;
}

TEST(request_search, without_parameters_wants_the_newest_fifty) {
    auto const all = ring_of(120);
    auto const page = find_requests(all, reading(""), now);
    EXPECT_EQ(page.numbers.size(), 50U);
    EXPECT_EQ(page.numbers.front(), 120U);
    EXPECT_EQ(page.next_before, 71U);
}

TEST(request_search, joins_its_filters) {
    auto const all = ring_of(12);
    EXPECT_THAT(found(all, "host=spare"), ElementsAre(12, 10, 8, 6, 4, 2));
    EXPECT_THAT(found(all, "model=small&status=5xx"), ElementsAre(9, 3));
    EXPECT_THAT(found(all, "status=502&limit=2"), ElementsAre(12, 9));
    EXPECT_THAT(found(all, "status=404"), IsEmpty());
    EXPECT_THAT(found(all, "ended=complete&after=9"), ElementsAre(11, 10));
    EXPECT_THAT(found(all, "client=laptop"), ElementsAre(1));
    EXPECT_THAT(found(all, "request_id=mine"), ElementsAre(5));
    EXPECT_THAT(found(all, "route=embeddings"), IsEmpty());
    EXPECT_THAT(found(all, "route=chat_completions&before=3"), ElementsAre(2, 1));
    EXPECT_THAT(found(all, "verdict=load_refused"), IsEmpty());
    EXPECT_THAT(found(all, "after=12"), IsEmpty());
    EXPECT_THAT(found(all, "after=18446744073709551615"), IsEmpty());
    EXPECT_THAT(found(all, "before=0"), IsEmpty());
    // 1,790,000,095 is 2026-09-21T14:14:55Z.
    EXPECT_THAT(found(all, "since=2026-09-21T14:14:55Z&until=2026-09-21T14:14:57Z"),
                ElementsAre(9, 8));
}

TEST(request_search, walks_through_all_pages_without_a_gap) {
    auto const all = ring_of(120);
    expect_pages_without_a_gap(
        reading("limit=7&host=spare"),
        [&all](request_search const& wanted) { return find_requests(all, wanted, now); },
        [](request_page const& page) { return page.numbers; });
}

TEST(request_search, names_a_wrong_parameter) {
    EXPECT_THAT(complaint_of("hots=default"), HasSubstr(R"(Unknown parameter "hots")"));
    for (auto const* status : {"", "20", "2000", "6xx", "0xx", "abc", "4x4", "-12"})
        EXPECT_THAT(complaint_of(std::string{"status="} + status),
                    HasSubstr(R"("status" must be a status as 404, or a class as 5xx)"));
    for (auto const* other : {"route=chats", "verdict=well", "ended=well", "since=yesterday",
                              "until=2026-11-22", "before=-1", "after=x", "limit=501", "limit=0"})
        EXPECT_THAT(complaint_of(other), HasSubstr("must be")) << other;
    EXPECT_THAT(complaint_of("limit=1&limit=2"), HasSubstr(R"("limit" appears twice)"));
}

TEST(request_search, shows_a_request_with_its_attempts) {
    telemetry::request_ring all;
    all.bound(10);
    telemetry::finished one;
    one.route = telemetry::route::chat;
    one.method = telemetry::method::post;
    one.status = 200;
    one.stream = true;
    one.attempts = 2;
    one.began = now.steady - std::chrono::seconds{100};
    one.bytes_in = 17;
    one.bytes_out = 4000;
    one.seconds = 2.5;
    one.first_byte = 0.25;
    one.tokens_in = 13;
    one.tokens_out = 14;
    one.tokens_per_second = 29.7534;
    one.verdict = "healthy";
    one.recovery = "recovered";
    one.ended = "complete";
    one.host = "mac";
    one.model = "big\xFF";
    one.agent = "curl";
    one.path = "/api/v1/chat";
    one.id = "abc";
    put(all, one, {{"mac", 500, "load_refused", 0.1256}});
    auto const shown =
        nlohmann::json::parse(requests_document(all, find_requests(all, reading(""), now), now));
    EXPECT_EQ(shown,
              nlohmann::json::parse(R"({"requests":[{"number":1,"time":"2026-09-21T14:13:20.000Z",
        "request_id":"abc","client":null,"agent":"curl","address":null,"method":"POST",
        "path":"/api/v1/chat","route":"chat","model":"big\uFFFD","host":"mac","status":200,
        "stream":true,"verdict":"healthy","recovery":"recovered","ended":"complete","detail":null,
        "first_byte":0.25,"duration":2.5,"bytes_in":17,"bytes_out":4000,"tokens_in":13,
        "tokens_out":14,"tokens_per_second":29.753,"attempts":[
        {"host":"mac","status":500,"reason":"load_refused","ended":0.126},
        {"host":"mac","status":200,"reason":"healthy","ended":2.5}]}],
        "next_before":null,"newest":1,"kept":10})"));
}

TEST(request_search, shows_null_for_what_a_refused_request_never_had) {
    telemetry::request_ring all;
    all.bound(1);
    telemetry::finished one;
    one.status = 401;
    one.verdict = "healthy";
    one.ended = "refused";
    one.detail = "missing_key";
    put(all, one);
    auto const shown =
        nlohmann::json::parse(requests_document(all, find_requests(all, reading(""), now), now))
            .at("requests")
            .at(0);
    for (auto const* name : {"client", "model", "host", "first_byte", "tokens_in", "tokens_out",
                             "tokens_per_second", "recovery", "address"})
        EXPECT_TRUE(shown.at(name).is_null()) << name;
    EXPECT_TRUE(shown.at("attempts").empty());
    EXPECT_EQ(shown.at("detail"), "missing_key");
}

} // namespace request_search_test
