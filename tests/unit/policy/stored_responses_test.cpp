#include <secondwind/policy/stored_responses.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::policy {
namespace stored_responses_test {

std::string id_in(std::string_view text, std::size_t piece,
                  stored_kind kind = stored_kind::response) {
    stored_id_watch watch{kind};
    for (std::size_t at = 0; at < text.size(); at += piece)
        watch.push(text.substr(at, piece));
    return watch.id();
}

// However the answer is cut into pieces.
void expect_id(std::string_view text, std::string_view id,
               stored_kind kind = stored_kind::response) {
    for (std::size_t piece = 1; piece <= text.size(); ++piece)
        ASSERT_EQ(id_in(text, piece, kind), id) << "in pieces of " << piece;
}

TEST(stored_id_watch, finds_the_id_of_a_response) {
    expect_id("{\n  \"id\": \"resp_0a-B\",\n  \"object\": \"response\"}", "resp_0a-B");
}

TEST(stored_id_watch, finds_the_id_in_a_stream_and_in_a_chat) {
    expect_id("event: response.created\ndata: {\"type\":\"response.created\",\"response\":"
              "{\"id\":\"resp_7\",\"object\":\"response\"}}\n\n",
              "resp_7");
    expect_id(R"({"output":[],"stats":{},"response_id":"resp_8"})", "resp_8");
}

TEST(stored_id_watch, takes_no_other_id_and_no_words_of_a_model) {
    expect_id(R"({"id":"chatcmpl-1","item_id":"msg_1"})", "");
    expect_id(R"({"content":"say \"id\":\"resp_9\" now"})", "");
    expect_id(R"({"valid":"resp_9","android":"resp_9"})", "");
    expect_id(R"({"id":"resp_9)", "");
    expect_id(R"({"id":["resp_9"]})", "");
    expect_id(R"({"id":"resp_9","previous_response_id":"resp_8"})", "resp_9");
}

TEST(stored_id_watch, finds_the_job_of_a_download) {
    auto const job = stored_kind::download;
    expect_id(R"({"job_id": "job_0a-B", "status": "downloading"})", "job_0a-B", job);
    expect_id(R"({"status":"downloading","job_id":"493c7c9ded"})", "493c7c9ded", job);
    expect_id(R"({"status":"already_downloaded","id":"resp_1","a_job_id":"x"})", "", job);
    expect_id(R"({"job_id":"job_1"})", "");
}

TEST(stored_id_watch, finds_an_id_at_the_end_of_a_long_answer) {
    std::string const text = std::string(5000, 'x') + R"("response_id":"resp_8"})";
    for (std::size_t const piece : {1UL, 100UL, 256UL, 257UL, 4999UL, 5005UL, 5100UL})
        EXPECT_EQ(id_in(text, piece), "resp_8");
}

TEST(stored_id_watch, ignores_an_id_without_bounds) {
    auto const text = R"({"id":"resp_)" + std::string(stored_id_watch::longest, 'a') + R"("})";
    EXPECT_EQ(id_in(text, text.size()), "");
}

TEST(stored_responses, know_their_host) {
    stored_responses all{"secret"};
    EXPECT_EQ(all.host_of("resp_1"), "");
    all.note("resp_1", "a");
    all.note("resp_2", "b");
    EXPECT_EQ(all.host_of("resp_1"), "a");
    EXPECT_EQ(all.host_of("resp_2"), "b");
    all.note("resp_1", "c");
    EXPECT_EQ(all.host_of("resp_1"), "c");
    EXPECT_EQ(all.host_of(""), "");
}

TEST(stored_responses, are_forgotten_the_oldest_first) {
    stored_responses all{"secret"};
    for (std::size_t i = 0; i <= stored_responses::most; ++i)
        all.note("resp_" + std::to_string(i), "a");
    EXPECT_EQ(all.host_of("resp_0"), "");
    EXPECT_EQ(all.host_of("resp_1"), "a");
    EXPECT_EQ(all.host_of("resp_" + std::to_string(stored_responses::most)), "a");
}

} // namespace stored_responses_test
} // namespace secondwind::policy
