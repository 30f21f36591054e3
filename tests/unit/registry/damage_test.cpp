#include "lab_run.hpp"

#include <sqlite3.h>

#include <fstream>
#include <random>

namespace secondwind::registry {
namespace {

using test::at;

std::string bytes_in(std::filesystem::path const& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void put(std::filesystem::path const& file, std::string const& bytes) {
    for (auto const* suffix : {"-wal", "-shm"})
        std::filesystem::remove(file.string() + suffix);
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out << bytes;
}

// Every value of every row.
std::string dump(std::filesystem::path const& file) {
    sqlite3* opened = nullptr;
    std::string out;
    EXPECT_EQ(::sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    for (auto const* table : {"host", "model", "run", "probe", "result", "restore"}) {
        sqlite3_stmt* rows = nullptr;
        auto const query = std::string{"SELECT * FROM "} + table;
        EXPECT_EQ(::sqlite3_prepare_v2(opened, query.c_str(), -1, &rows, nullptr), SQLITE_OK)
            << ::sqlite3_errmsg(opened);
        while (::sqlite3_step(rows) == SQLITE_ROW) {
            out += table;
            for (int column = 0; column < ::sqlite3_column_count(rows); ++column) {
                auto const* const text = ::sqlite3_column_text(rows, column);
                out += '|';
                out += text == nullptr ? "" : reinterpret_cast<char const*>(text);
            }
            out += '\n';
        }
        ::sqlite3_finalize(rows);
    }
    ::sqlite3_close(opened);
    return out;
}

enum class pattern { zeroes, ones, noise };

class damage_test : public ::testing::Test {
protected:
    damage_test() {
        test::acknowledged done;
        test::run_lab(folder.registry(), done);
        back_up(folder.registry(), "manual", at(300));
        whole = bytes_in(folder.registry());
        values = dump(folder.registry());
    }

    std::string damaged(std::size_t from, std::size_t size, pattern wanted) {
        auto out = whole;
        for (auto& byte : std::span{out}.subspan(from, size))
            byte = wanted == pattern::zeroes ? '\0'
                   : wanted == pattern::ones ? '\xff'
                                             : static_cast<char>(noise());
        return out;
    }

    test::folder folder;
    std::string whole;
    std::string values;
    std::mt19937 noise{1};
};

// What no row is in may be anything.
TEST_F(damage_test, to_a_row_is_refused_and_the_file_left_as_it_is) {
    int refused = 0;
    auto const expect_refused = [&](std::string const& bytes) {
        put(folder.registry(), bytes);
        for (auto const wanted : {store::access::read, store::access::write}) {
            try {
                store const opened{folder.registry(), wanted};
            } catch (registry_error const& error) {
                ++refused;
                EXPECT_NE(error.which(), registry_error::kind::full) << error.what();
                EXPECT_EQ(bytes_in(folder.registry()), bytes);
                continue;
            }
            EXPECT_EQ(dump(folder.registry()), values);
            return;
        }
    };
    for (std::size_t const size : {64U, 512U})
        for (std::size_t from = 0; from + size <= whole.size() && !HasFailure(); from += size)
            for (auto const each : {pattern::zeroes, pattern::ones, pattern::noise}) {
                if (size == 64 && each != pattern::noise)
                    continue;
                SCOPED_TRACE(std::to_string(size) + " bytes at " + std::to_string(from));
                expect_refused(damaged(from, size, each));
            }
    EXPECT_GT(refused, 200);
}

TEST_F(damage_test, to_a_page_is_refused_and_restored) {
    constexpr std::size_t page = 4096;
    ASSERT_GE(whole.size(), 8 * page);
    for (std::size_t from = 0; from < whole.size(); from += page) {
        for (auto const each : {pattern::zeroes, pattern::ones, pattern::noise}) {
            SCOPED_TRACE("page " + std::to_string(from / page));
            put(folder.registry(), damaged(from, page, each));
            auto const refused = test::failure_of(
                [&] { store const opened(folder.registry(), store::access::write); });
            EXPECT_EQ(refused.which(), registry_error::kind::damaged);
            EXPECT_FALSE(examine(folder.registry(), false).faults.empty());

            auto const good = newest_good_backup(folder.registry());
            ASSERT_TRUE(good);
            restore_from(folder.registry(), good->file, at(400));
            EXPECT_EQ(dump(folder.registry()), values);
        }
    }
}

// The end of a page may be free; an empty file is a database for SQLite.
TEST_F(damage_test, of_a_file_that_was_cut_short_is_refused) {
    for (std::size_t size = 0; size < whole.size() && !HasFailure(); size += 500) {
        SCOPED_TRACE(size);
        put(folder.registry(), whole.substr(0, size));
        try {
            store const opened{folder.registry(), store::access::write};
        } catch (registry_error const& error) {
            EXPECT_EQ(error.which(), registry_error::kind::damaged) << error.what();
            EXPECT_FALSE(examine(folder.registry(), false).faults.empty());
            EXPECT_EQ(bytes_in(folder.registry()).size(), size);
            continue;
        }
        EXPECT_GT(size, whole.size() - 4096);
        EXPECT_EQ(dump(folder.registry()), values);
    }
}

} // namespace
} // namespace secondwind::registry
