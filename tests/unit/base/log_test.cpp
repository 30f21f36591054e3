#include <secondwind/base/log.hpp>
#include <secondwind/base/log_line.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
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

TEST_F(log_file, has_the_same_line_whether_its_fields_are_listed_or_added) {
    init({.level = level::info, .format = format::text, .file = path()});
    write(level::info, "event",
          {{"text", "two words"}, {"none", ""}, {"int", -3}, {"ms", 0.25}, {"yes", true}});
    auto const fill = [](line_writer& line) {
        line.add("text", "two words")
            .add("none", "")
            .add("int", -3)
            .add("ms", 0.25)
            .add("yes", true);
    };
    write(level::info, "event", std::cref(fill));
    write(level::debug, "event", std::cref(fill));
    ASSERT_EQ(lines().size(), 2U);
    constexpr auto time = std::string_view{"2026-11-22T10:15:30.123Z"}.size();
    EXPECT_EQ(lines()[0].substr(time), lines()[1].substr(time));
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

TEST_F(log_file, gathers_the_lines_of_a_standard_error_that_is_no_terminal) {
    int const kept = ::dup(STDERR_FILENO);
    int const target = ::open(path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(target, STDERR_FILENO);
    init({.level = level::info, .format = format::text, .file = {}});
    ::dup2(kept, STDERR_FILENO);
    ::close(target);
    ::close(kept);
    gather([] {});
    write(level::info, "first", {});
    write(level::info, "second", {});
    EXPECT_TRUE(lines().empty());
    flush();
    EXPECT_EQ(lines().size(), 2U);
    gather({});
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

TEST_F(log_file, that_is_full_in_the_middle_of_a_line_continues_on_a_new_one) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    init({.level = level::info, .format = format::text, .file = path()});
    write(level::info, "first", {});
    rlimit const tight{fs::file_size(path()) + 5, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    auto const lost = dropped();
    write(level::info, "second", {});
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(dropped(), lost + 1);
    write(level::info, "third", {});
    auto const all = lines();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[1].size(), 5U);
    EXPECT_TRUE(all[2].ends_with("third")) << all[2];
    EXPECT_TRUE(all[3].ends_with("warn  log_lines_dropped lines=1")) << all[3];
}

// A pipe whose other end is read only where the test says so.
class unread_pipe : public ::testing::Test {
protected:
    unread_pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0)
            throw std::runtime_error{"no pipe"};
        ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
        init({.level = level::info,
              .format = format::json,
              .file = "/proc/self/fd/" + std::to_string(ends_[1])});
    }
    ~unread_pipe() override {
        gather({});
        read_all();
        shutdown();
        for (int const end : ends_)
            ::close(end);
    }

    // What the pipe holds now.
    std::string read_all() {
        std::string all;
        std::array<char, 4096> piece{};
        for (ssize_t n = 0; (n = ::read(ends_[0], piece.data(), piece.size())) > 0;)
            all.append(piece.data(), static_cast<std::size_t>(n));
        return all;
    }

    // More than the pipe and the buffer hold.
    static constexpr int many = 20'000;
    static void write_many() {
        for (int i = 0; i < many; ++i)
            write(level::info, "event", {{"n", i}, {"text", "as long as the line of a request"}});
    }

private:
    std::array<int, 2> ends_{};
};

TEST_F(unread_pipe, keeps_no_writer_waiting_and_says_later_how_many_lines_it_cost) {
    auto const before = dropped();
    write_many();
    auto const missing = dropped() - before;
    EXPECT_GT(missing, 0U);
    std::string all;
    for (bool done = false; !done;) {
        all += read_all();
        done = flush();
    }
    all += read_all();
    std::istringstream in{all};
    std::vector<nlohmann::json> seen;
    for (std::string line; std::getline(in, line);)
        seen.push_back(nlohmann::json::parse(line));
    ASSERT_EQ(seen.size(), many - missing + 1);
    for (std::size_t i = 0; i + 1 < seen.size(); ++i)
        ASSERT_EQ(seen[i]["n"], i);
    EXPECT_EQ(seen.back()["event"], "log_lines_dropped");
    EXPECT_EQ(seen.back()["lines"], missing);
    EXPECT_EQ(dropped() - before, missing);
}

TEST_F(unread_pipe, asks_for_another_try_once_until_its_lines_are_written) {
    int asked = 0;
    write_many();
    gather([&asked] { ++asked; });
    write_many();
    EXPECT_EQ(asked, 1);
    EXPECT_FALSE(flush());
    while (!flush())
        read_all();
    write(level::info, "event", {});
    EXPECT_EQ(asked, 2);
}

TEST(recent_lines, are_the_newest_within_both_bounds) {
    init({.level = level::info, .format = format::text, .file = "/dev/null"});
    keep_recent(3, 1000);
    auto const before = recent_lines().empty() ? 0 : recent_lines().back().number;
    for (int i = 1; i <= 5; ++i)
        write(i == 5 ? level::warn : level::info, "event", {{"n", i}});
    write(level::debug, "event", {{"n", 6}}); // not written, so not kept
    ASSERT_EQ(recent_lines().size(), 3U);
    EXPECT_EQ(recent_lines().front().number, before + 3);
    EXPECT_TRUE(recent_lines().front().text.ends_with("event n=3"));
    EXPECT_EQ(recent_lines().back().level, level::warn);
    keep_recent(3, recent_lines().back().text.size() + 1);
    ASSERT_EQ(recent_lines().size(), 1U);
    EXPECT_EQ(recent_lines().back().number, before + 5);
    EXPECT_TRUE(recent_lines().back().text.ends_with("event n=5"));
    keep_recent(3, 7);
    write(level::info, "event", {});
    ASSERT_EQ(recent_lines().size(), 1U);
    EXPECT_EQ(recent_lines().back().number, before + 6);
    EXPECT_EQ(recent_lines().back().text.size(), 7U);
    keep_recent(0, 0);
    write(level::info, "event", {});
    EXPECT_TRUE(recent_lines().empty());
    shutdown();
}

TEST(recent_lines, are_whole_wherever_they_lie_in_the_memory) {
    init({.level = level::info, .format = format::text, .file = "/dev/null"});
    for (std::size_t bytes = 100; bytes < 300; ++bytes) {
        keep_recent(0, 0);
        keep_recent(4, bytes);
        for (std::uint64_t i = 0; i < 20; ++i) {
            auto const word = std::string(i * 7 % 40 + 1, static_cast<char>('a' + i));
            write(level::info, "event", {{"word", word}});
            auto const lines = recent_lines();
            ASSERT_FALSE(lines.empty());
            ASSERT_LE(lines.size(), 4U);
            EXPECT_TRUE(lines.back().text.ends_with(" event word=" + word));
            std::size_t used = 0;
            for (std::size_t n = 0; n < lines.size(); ++n) {
                auto const nth = static_cast<char>('a' + i + n + 1 - lines.size());
                EXPECT_EQ(lines[n].text.back(), nth);
                EXPECT_NE(lines[n].text.find(" event word="), std::string::npos);
                EXPECT_EQ(lines[n].number + lines.size(), lines.back().number + n + 1);
                used += lines[n].text.size();
            }
            EXPECT_LE(used, bytes);
        }
    }
    keep_recent(0, 0);
    shutdown();
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
