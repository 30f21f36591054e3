#include <secondwind/base/json.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace secondwind {
namespace {

TEST(write_json, replaces_what_is_not_utf_8) {
    EXPECT_EQ(write_json(nlohmann::json{{"b", "x\xFF"}, {"a", 1}}),
              "{\"a\":1,\"b\":\"x\xEF\xBF\xBD\"}");
    EXPECT_EQ(write_json(nlohmann::ordered_json{{"b", "\xC3\xA4"}, {"a", 1}}),
              "{\"b\":\"\xC3\xA4\",\"a\":1}");
}

} // namespace
} // namespace secondwind
