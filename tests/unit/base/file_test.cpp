#include <secondwind/base/file.hpp>
#include <secondwind/base/system.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace secondwind {
namespace {

namespace fs = std::filesystem;

class files : public ::testing::Test {
protected:
    files()
        : folder_{fs::temp_directory_path() /
                  ("secondwind_files_" + std::to_string(own_process()))} {
        fs::remove_all(folder_);
        fs::create_directory(folder_);
    }
    ~files() override { fs::remove_all(folder_); }

    fs::path name(char const* one) const { return folder_ / one; }
    fs::path make(char const* one, std::string_view content) const {
        auto const made = open_file(name(one), file_use::create);
        EXPECT_EQ(write_some(made, content), static_cast<std::ptrdiff_t>(content.size()));
        return name(one);
    }
    static std::string content_of(fs::path const& file) {
        std::ifstream in{file, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }

private:
    fs::path folder_;
};

TEST_F(files, are_written_to_the_last_byte) {
    {
        auto const file = open_file(name("whole"), file_use::create);
        EXPECT_TRUE(write_all(file, std::string(100'000, 'x')));
        EXPECT_TRUE(write_all(file, ""));
        EXPECT_TRUE(write_all(file, "end\n"));
    }
    EXPECT_EQ(content_of(name("whole")), std::string(100'000, 'x') + "end\n");
    EXPECT_FALSE(write_all(open_file(name("whole"), file_use::read), "x"));
    EXPECT_TRUE(errno == EBADF || errno == EACCES) << errno; // the latter on Windows
}

TEST_F(files, are_opened_for_what_they_are_used_for) {
    EXPECT_FALSE(open_file(name("none"), file_use::read));
    EXPECT_EQ(errno, ENOENT);
    make("a", "one\ntwo\n");
    EXPECT_FALSE(open_file(name("a"), file_use::create));
    EXPECT_EQ(errno, EEXIST);
    EXPECT_FALSE(open_file(name("none") / "a", file_use::append));
    EXPECT_EQ(errno, ENOENT);

    auto const changed = open_file(name("a"), file_use::change);
    std::array<char, 4> some{};
    EXPECT_EQ(read_at(changed, 4, some.data(), 3), 3);
    EXPECT_EQ(std::string_view(some.data(), 3), "two");
    EXPECT_EQ(read_at(changed, 100, some.data(), 3), 0);
    EXPECT_TRUE(truncate(changed, 4));
    EXPECT_EQ(size_of(changed), 4);
    EXPECT_TRUE(sync(changed));
    EXPECT_TRUE(sync_file(name("a")));
    EXPECT_TRUE(sync_folder(name("a").parent_path()));
}

TEST_F(files, take_what_several_append_to_them_and_no_byte_is_changed) {
    auto const one = open_file(name("log"), file_use::append);
    auto const other = open_file(name("log"), file_use::append);
    for (auto const* each : {&one, &other, &one})
        EXPECT_EQ(write_some(*each, "line\n"), 5);
    EXPECT_EQ(content_of(name("log")), "line\nline\nline\n");
}

TEST_F(files, that_are_appended_to_can_be_cut_whatever_their_name_is_by_now) {
    auto const file = open_file(name("log"), file_use::append);
    write_some(file, "line\nhalf a li");
    EXPECT_TRUE(truncate(file, 5));
    EXPECT_EQ(write_some(file, "next\nha"), 7);
    EXPECT_TRUE(rename_file(name("log"), name("log.1")));
    make("log", "of another");
    EXPECT_TRUE(truncate(file, 10));
    EXPECT_EQ(content_of(name("log.1")), "line\nnext\n");
    EXPECT_EQ(content_of(name("log")), "of another");
}

TEST_F(files, can_be_renamed_and_removed_while_they_are_open) {
    {
        auto const file = open_file(name("log"), file_use::append);
        write_some(file, "before\n");
        EXPECT_TRUE(rename_file(name("log"), name("log.1")));
        write_some(file, "after\n");
        EXPECT_EQ(content_of(name("log.1")), "before\nafter\n");
        EXPECT_TRUE(remove_file(name("log.1")));
    }
    // Windows keeps the name until the file is closed.
    EXPECT_FALSE(remove_file(name("log.1")));
    EXPECT_EQ(errno, ENOENT);
}

TEST_F(files, replace_those_of_the_name_that_they_get) {
    make("new", "new");
    make("old", "old");
    EXPECT_TRUE(rename_file(name("new"), name("old")));
    EXPECT_EQ(content_of(name("old")), "new");
    EXPECT_FALSE(rename_file(name("new"), name("old")));
    EXPECT_EQ(errno, ENOENT);
}

TEST_F(files, have_a_second_name_where_there_are_such) {
    make("one", "text");
    if (!link_file(name("one"), name("two"))) {
        EXPECT_TRUE(is_lack_of_links(errno)) << errno;
        GTEST_SKIP() << "this file system has none";
    }
    EXPECT_EQ(content_of(name("two")), "text");
    EXPECT_FALSE(link_file(name("one"), name("two")));
    EXPECT_EQ(errno, EEXIST);
    EXPECT_FALSE(link_file(name("none"), name("three")));
    EXPECT_EQ(errno, ENOENT);
}

TEST_F(files, are_locked_until_they_are_closed_and_can_be_read_meanwhile) {
    auto first = open_file(name("lock"), file_use::change);
    auto second = open_file(name("lock"), file_use::change);
    auto const third = open_file(name("lock"), file_use::change);
    ASSERT_TRUE(try_lock(first, sharing::shared));
    ASSERT_TRUE(try_lock(second, sharing::shared));
    ASSERT_FALSE(try_lock(third, sharing::exclusive));
    EXPECT_EQ(errno, EWOULDBLOCK);

    EXPECT_EQ(write_some(first, "4711"), 4);
    std::array<char, 4> text{};
    EXPECT_EQ(read_at(third, 0, text.data(), text.size()), 4);

    { auto const closed = std::move(first); }
    { auto const closed = std::move(second); }
    EXPECT_TRUE(try_lock(third, sharing::exclusive));
}

TEST_F(files, in_a_folder_that_is_there_make_it_once) {
    EXPECT_TRUE(make_folder(name("folder")));
    EXPECT_FALSE(make_folder(name("folder")));
    EXPECT_EQ(errno, EEXIST);
    EXPECT_EQ(size_of(descriptor{}), -1);
}

TEST(process, knows_itself_and_its_environment) {
    EXPECT_TRUE(is_running(own_process()));
    EXPECT_FALSE(is_running(0x7fff'fff0));
    auto const names = environment_names();
    EXPECT_TRUE(std::ranges::any_of(
        names, [](auto const& each) { return each == "PATH" || each == "Path"; }));
    EXPECT_TRUE(std::ranges::none_of(
        names, [](auto const& each) { return each.find('=') != std::string::npos; }));
}

} // namespace
} // namespace secondwind
