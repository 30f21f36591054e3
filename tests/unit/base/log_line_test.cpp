#include <secondwind/base/log_line.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <limits>

namespace secondwind::log {
namespace {

constexpr std::string_view noon = "2026-11-22T10:15:30.123Z";

template<std::size_t N>
std::string text_of(std::array<field, N> const& fields) {
    return render(format::text, level::info, "", "event", fields.data(), fields.size());
}

template<std::size_t N>
std::string json_of(std::array<field, N> const& fields) {
    return render(format::json, level::info, "", "event", fields.data(), fields.size());
}

TEST(log_line, is_aligned_in_text) {
    std::array const fields{field{"method", "POST"}, field{"status", 200}};
    auto const line = [&](level l) {
        return render(format::text, l, noon, "exchange", fields.data(), fields.size());
    };
    EXPECT_EQ(line(level::info), "2026-11-22T10:15:30.123Z info  exchange method=POST status=200");
    EXPECT_EQ(line(level::error), "2026-11-22T10:15:30.123Z error exchange method=POST status=200");
    EXPECT_EQ(line(level::warn), "2026-11-22T10:15:30.123Z warn  exchange method=POST status=200");
    EXPECT_EQ(line(level::debug), "2026-11-22T10:15:30.123Z debug exchange method=POST status=200");
}

TEST(log_line, is_one_object_in_json) {
    std::array const fields{field{"method", "POST"}, field{"status", 200}};
    EXPECT_EQ(render(format::json, level::info, noon, "exchange", fields.data(), fields.size()),
              R"({"time":"2026-11-22T10:15:30.123Z","level":"info","event":"exchange",)"
              R"("method":"POST","status":200})");
}

TEST(log_line, leaves_an_empty_time_out) {
    EXPECT_EQ(render(format::text, level::warn, "", "drain", nullptr, 0), "warn  drain");
    EXPECT_EQ(render(format::json, level::warn, "", "drain", nullptr, 0),
              R"({"level":"warn","event":"drain"})");
}

TEST(log_line, leaves_an_empty_string_out) {
    std::array const fields{field{"model", ""}, field{"stream", false}, field{"host", ""}};
    EXPECT_EQ(text_of(fields), "info  event stream=false");
    EXPECT_EQ(json_of(fields), R"({"level":"info","event":"event","stream":false})");
}

TEST(log_line, shows_every_type_of_value) {
    std::string const string = "s"; // a field only points to it
    std::array const fields{field{"yes", true},
                            field{"int", -1},
                            field{"unsigned", 7U},
                            field{"least", std::numeric_limits<std::int64_t>::min()},
                            field{"most", std::numeric_limits<std::uint64_t>::max()},
                            field{"seconds", 0.25},
                            field{"string", string}};
    EXPECT_EQ(text_of(fields), "info  event yes=true int=-1 unsigned=7 least=-9223372036854775808 "
                               "most=18446744073709551615 seconds=0.25 string=s");
    auto const json = nlohmann::json::parse(json_of(fields));
    EXPECT_EQ(json["least"], std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(json["most"], std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(json["seconds"], 0.25);
}

TEST(log_line, has_no_number_for_infinity_in_json) {
    std::array const fields{field{"a", std::numeric_limits<double>::infinity()},
                            field{"b", std::numeric_limits<double>::quiet_NaN()},
                            field{"c", 1e300}};
    auto const json = nlohmann::json::parse(json_of(fields));
    EXPECT_TRUE(json["a"].is_null());
    EXPECT_TRUE(json["b"].is_null());
    EXPECT_EQ(json["c"], 1e300);
}

TEST(log_line, rounds_numbers_to_three_places) {
    std::array const fields{field{"a", 0.0},      field{"b", 1.0005},   field{"c", -12.04},
                            field{"d", -0.00001}, field{"e", 1234.999}, field{"f", 0.9999}};
    EXPECT_EQ(text_of(fields), "info  event a=0 b=1.001 c=-12.04 d=0 e=1234.999 f=1");
}

TEST(log_line, quotes_in_text_what_is_no_bare_word) {
    std::array const fields{field{"a", "two words"}, field{"b", "x=y"}, field{"c", "q\"q"},
                            field{"d", "gr\xC3\xBC"}, field{"e", "back\\slash"}};
    EXPECT_EQ(text_of(fields),
              "info  event a=\"two words\" b=\"x=y\" c=\"q\\\"q\" d=\"gr\xC3\xBC\" "
              "e=\"back\\\\slash\"");
}

TEST(log_line, cannot_be_forged_by_any_byte_of_a_value) {
    for (int c = 0; c < 256; ++c) {
        std::string const value{'a', static_cast<char>(c), 'z'};
        std::array const fields{field{"path", value}};
        auto const text = text_of(fields);
        auto const json = nlohmann::json::parse(json_of(fields), nullptr, false);
        for (char const in_line : text)
            EXPECT_FALSE(static_cast<unsigned char>(in_line) < 0x20 || in_line == 0x7f) << c;
        // A value with a space or '=' outside quotes would read as another field.
        if (text.find("path=\"") == std::string::npos) {
            EXPECT_EQ(text, "info  event path=" + value);
            EXPECT_TRUE(c != ' ' && c != '=' && c != '"');
        }
        ASSERT_TRUE(json.is_object()) << c;
        EXPECT_EQ(json.size(), 3U) << c;
        if (c < 128) {
            EXPECT_EQ(json["path"], value);
        } else {
            EXPECT_EQ(json["path"], "a\xEF\xBF\xBDz");
        }
    }
}

TEST(timestamp, has_milliseconds_and_is_utc) {
    using namespace std::chrono;
    sys_days const day{year{2026} / 11 / 22};
    auto const at = [](auto when) {
        return std::string{timestamp(time_point_cast<system_clock::duration>(when))};
    };
    EXPECT_EQ(at(day + 10h + 15min + 30s + 123ms), noon);
    EXPECT_EQ(at(day + 10h + 15min + 30s + 999ms + 999us), "2026-11-22T10:15:30.999Z");
    EXPECT_EQ(at(day + 10h + 15min + 31s), "2026-11-22T10:15:31.000Z");
    EXPECT_EQ(at(day + 10h + 15min + 30s + 7ms), "2026-11-22T10:15:30.007Z");
    EXPECT_EQ(at(sys_days{year{2024} / 2 / 29} + 23h + 59min + 59s), "2024-02-29T23:59:59.000Z");
    EXPECT_EQ(at(sys_days{year{1970} / 1 / 1}), "1970-01-01T00:00:00.000Z");
}

} // namespace
} // namespace secondwind::log
