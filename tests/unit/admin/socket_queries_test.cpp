#include "admin/socket_queries.hpp"

#include <gmock/gmock.h>

#include <string>

namespace secondwind::admin {

using ::testing::HasSubstr;

TEST(socket_queries, tell_which_events_a_client_has) {
    resume_point none;
    EXPECT_EQ(read_resume_point("", none), "");
    EXPECT_EQ(none.run, "");
    EXPECT_FALSE(none.after);
    resume_point some;
    EXPECT_EQ(read_resume_point("run=5f3a&after=17", some), "");
    EXPECT_EQ(some.run, "5f3a");
    EXPECT_EQ(some.after, 17U);
    resume_point wrong;
    EXPECT_THAT(read_resume_point("after=soon", wrong), HasSubstr("number of an event"));
    EXPECT_THAT(read_resume_point("since=1", wrong), HasSubstr("\"run\" and \"after\""));
}

TEST(socket_queries, tell_one_host_for_a_lab) {
    std::string host;
    EXPECT_EQ(read_lab_host("host=rtx%2080", host), "");
    EXPECT_EQ(host, "rtx 80");
    for (auto const* wrong : {"", "name=rtx", "host=a&host=b"})
        EXPECT_NE(read_lab_host(wrong, host), "") << wrong;
}

} // namespace secondwind::admin
