#include <secondwind/base/system.hpp>
#include <secondwind/recovery/ledger_file.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace secondwind::recovery {
namespace {

namespace fs = std::filesystem;

struct ledger_in_a_file : ::testing::Test {
    ledger_in_a_file()
        : name{testing::TempDir() + "secondwind_ledger_file_" + std::to_string(own_process())} {
        remove_both();
        example.host = "default";
    }
    ~ledger_in_a_file() override { remove_both(); }

    void remove_both() const {
        fs::remove(name);
        fs::remove(name + ".1");
    }

    void append(ledger_file& file, std::uint64_t id, std::uint64_t most = 1'000'000) {
        example.id = id;
        file.append(example, most);
    }

    // The ids in the file; 0 for what is no line of the ledger.
    static std::vector<std::uint64_t> ids_in(std::string const& file) {
        std::ifstream in{file};
        std::vector<std::uint64_t> all;
        for (std::string line; std::getline(in, line);) {
            auto const read = nlohmann::json::parse(line, nullptr, false);
            all.push_back(read.is_object() ? read.at("recovery").get<std::uint64_t>() : 0);
        }
        return all;
    }

    using ids = std::vector<std::uint64_t>;
    std::string const name;
    record example;
};

TEST_F(ledger_in_a_file, is_renamed_before_it_grows_too_large) {
    ledger_file file{name};
    append(file, 1);
    auto const most = fs::file_size(name) * 5 / 2;
    for (std::uint64_t id = 2; id <= 7; ++id)
        append(file, id, most);
    EXPECT_EQ(ids_in(name), (ids{7}));
    EXPECT_EQ(ids_in(name + ".1"), (ids{5, 6}));
}

TEST_F(ledger_in_a_file, has_at_least_one_line_however_small_it_may_be) {
    ledger_file file{name};
    append(file, 1, 1);
    append(file, 2, 1);
    EXPECT_EQ(ids_in(name), (ids{2}));
    EXPECT_EQ(ids_in(name + ".1"), (ids{1}));
}

TEST_F(ledger_in_a_file, begins_anew_when_it_was_moved_away) {
    ledger_file file{name};
    append(file, 1);
    fs::remove(name);
    append(file, 2, 1);
    EXPECT_EQ(ids_in(name), (ids{2}));
}

TEST_F(ledger_in_a_file, continues_after_a_line_that_another_process_left_unfinished) {
    std::ofstream{name} << "{\"recovery\":1}\n{\"recov";
    ledger_file file{name};
    append(file, 2);
    append(file, 3);
    EXPECT_EQ(ids_in(name), (ids{1, 0, 2, 3}));
}

} // namespace
} // namespace secondwind::recovery
