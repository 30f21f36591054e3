#include <secondwind/base/log.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace secondwind::log {
namespace {

namespace fs = std::filesystem;

// A directory that goes with the test, and a log that is shut down with it.
class log_file : public ::testing::Test {
protected:
    log_file() {
        auto pattern = (fs::temp_directory_path() / "secondwind_log_XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error{"no temporary directory"};
        directory_ = pattern;
    }
    ~log_file() override {
        shutdown();
        fs::remove_all(directory_);
    }

    std::string path(char const* name = "test.log") const { return (directory_ / name).string(); }

    std::vector<std::string> lines() const {
        std::ifstream in{path()};
        std::vector<std::string> all;
        for (std::string line; std::getline(in, line);)
            all.push_back(line);
        return all;
    }

private:
    fs::path directory_;
};

TEST_F(log_file, has_every_line_as_soon_as_it_is_written) {
    init({.level = level::info, .format = format::automatic, .file = path()});
    write(level::info, "first", {{"n", 1}});
    ASSERT_EQ(lines().size(), 1U);
    write(level::warn, "second", {});
    ASSERT_EQ(lines().size(), 2U);
    auto const json = nlohmann::json::parse(lines().front());
    EXPECT_EQ(json["event"], "first");
    EXPECT_EQ(json["n"], 1);
    EXPECT_EQ(json["time"].get<std::string>().size(),
              std::string{"2026-11-22T10:15:30.123Z"}.size());
}

TEST_F(log_file, gathers_lines_until_they_are_flushed) {
    init({.level = level::info, .format = format::text, .file = path()});
    int asked = 0;
    gather([&asked] { ++asked; });
    write(level::info, "first", {});
    write(level::info, "second", {});
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(lines().empty());
    flush();
    EXPECT_EQ(lines().size(), 2U);
    write(level::info, "third", {});
    EXPECT_EQ(asked, 2);
    gather({});
    EXPECT_EQ(lines().size(), 3U);
    write(level::info, "fourth", {});
    EXPECT_EQ(lines().size(), 4U);
    EXPECT_EQ(asked, 2);
}

TEST_F(log_file, keeps_no_warning_waiting_nor_what_came_before_it) {
    init({.level = level::info, .format = format::text, .file = path()});
    gather([] {});
    write(level::info, "first", {});
    write(level::warn, "second", {});
    EXPECT_EQ(lines().size(), 2U);
    gather({});
}

TEST_F(log_file, counts_each_line_that_was_gathered_and_lost) {
    if (!fs::exists("/dev/full"))
        GTEST_SKIP() << "no /dev/full";
    init({.level = level::info, .format = format::text, .file = "/dev/full"});
    gather([] {});
    auto const before = dropped();
    for (int i = 0; i < 3; ++i)
        write(level::info, "event", {});
    EXPECT_EQ(dropped(), before);
    flush();
    EXPECT_EQ(dropped(), before + 3);
    gather({});
}

TEST_F(log_file, is_text_if_asked) {
    init({.level = level::info, .format = format::text, .file = path()});
    write(level::error, "broken pipe", {{"host", "default"}});
    ASSERT_EQ(lines().size(), 1U);
    EXPECT_TRUE(lines()[0].ends_with("Z error \"broken pipe\" host=default")) << lines()[0];
}

TEST_F(log_file, takes_braces_and_percent_signs_as_they_are) {
    init({.level = level::info, .format = format::text, .file = path()});
    write(level::info, "event", {{"path", "/{}%v%s"}});
    ASSERT_EQ(lines().size(), 1U);
    EXPECT_TRUE(lines()[0].ends_with("event path=/{}%v%s")) << lines()[0];
}

TEST_F(log_file, has_only_lines_from_its_level_on) {
    constexpr std::array all{level::debug, level::info, level::warn, level::error};
    for (std::size_t i = 0; i < all.size(); ++i) {
        init({.level = all[i], .format = format::text, .file = path()});
        for (std::size_t j = 0; j < all.size(); ++j)
            EXPECT_EQ(enabled(all[j]), j >= i);
        EXPECT_FALSE(enabled(level::off));
    }
    init({.level = level::warn, .format = format::text, .file = path()});
    write(level::info, "unseen", {});
    write(level::warn, "seen", {});
    write(level::off, "unseen", {});
    ASSERT_EQ(lines().size(), 1U);
    EXPECT_TRUE(lines()[0].ends_with("seen"));
}

TEST_F(log_file, is_silent_when_off) {
    init({.level = level::off, .format = format::text, .file = path()});
    EXPECT_FALSE(enabled(level::error));
    write(level::error, "unseen", {});
    EXPECT_TRUE(lines().empty());
}

TEST_F(log_file, is_appended_to) {
    for (int i = 0; i < 2; ++i) {
        init({.level = level::info, .format = format::text, .file = path()});
        write(level::info, "start", {});
        shutdown();
    }
    EXPECT_EQ(lines().size(), 2U);
}

TEST_F(log_file, takes_nothing_after_shutdown) {
    init({.level = level::info, .format = format::text, .file = path()});
    shutdown();
    EXPECT_FALSE(enabled(level::error));
    write(level::error, "late", {});
    EXPECT_TRUE(lines().empty());
}

TEST_F(log_file, that_cannot_be_opened_is_named) {
    try {
        init({.level = level::info, .format = format::text, .file = "/dev/null/x.log"});
        FAIL() << "opened a file below a device";
    } catch (std::runtime_error const& e) {
        std::string const message = e.what();
        EXPECT_TRUE(message.starts_with("cannot open the log file \"/dev/null/x.log\": "))
            << message;
        EXPECT_GT(message.size(),
                  std::string{"cannot open the log file \"/dev/null/x.log\": "}.size());
    }
}

TEST_F(log_file, that_is_full_loses_lines_and_nothing_else) {
    if (!fs::exists("/dev/full"))
        GTEST_SKIP() << "no /dev/full";
    init({.level = level::info, .format = format::text, .file = "/dev/full"});
    auto const before = dropped();
    write(level::info, "event", {});
    EXPECT_GT(dropped(), before);
}

TEST(standard_error, has_one_line_for_one_event) {
    ::testing::internal::CaptureStderr();
    init({.level = level::info, .format = format::automatic, .file = ""});
    write(level::info, "one", {{"a", "b"}});
    write(level::info, "two", {});
    shutdown();
    auto const output = ::testing::internal::GetCapturedStderr();
    auto const end = output.find('\n');
    ASSERT_NE(end, std::string::npos);
    // What is captured is a file and no terminal.
    auto const first = nlohmann::json::parse(output.substr(0, end), nullptr, false);
    EXPECT_EQ(first["event"], "one");
    EXPECT_EQ(first["a"], "b");
    auto const second = nlohmann::json::parse(output.substr(end + 1), nullptr, false);
    EXPECT_EQ(second["event"], "two");
}

} // namespace
} // namespace secondwind::log
