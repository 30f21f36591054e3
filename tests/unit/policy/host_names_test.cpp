#include <secondwind/policy/host_names.hpp>

#include <gtest/gtest.h>

namespace secondwind::policy {
namespace host_names_test {

TEST(host_names, that_are_addresses_or_localhost_cannot_be_rebound) {
    for (auto const* host : {"127.0.0.1", "127.0.0.1:1235", "192.168.1.5", "192.168.1.5:1", "[::1]",
                             "[::1]:1235", "[fd00::5]:9235", "localhost", "LocalHost:3000"})
        EXPECT_TRUE(cannot_be_rebound(host)) << host;
    for (auto const* host :
         {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:1235", "localhost.",
          "127.1", "0x7f000001", "2130706433", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:92355",
          "127.0.0.1:1:2", "::1", "[::1", "[::1]x", "[evil.example]", "", ":1235", "127.0.0.1 "})
        EXPECT_FALSE(cannot_be_rebound(host)) << host;
}

TEST(host_names, of_a_list_count_for_any_port_or_for_theirs) {
    std::vector<std::string> const names{"proxy.lan", "ops.example:443"};
    EXPECT_TRUE(is_among("PROXY.lan:8080", names, {}));
    EXPECT_TRUE(is_among("ops.example", names, {}));
    EXPECT_TRUE(is_among("ops.example", names, "https"));
    EXPECT_FALSE(is_among("ops.example", names, "http"));
    EXPECT_FALSE(is_among("ops.example:80", names, {}));
    EXPECT_FALSE(is_among("www.proxy.lan", names, {}));
}

} // namespace host_names_test
} // namespace secondwind::policy
