#include "samples.hpp"

#include <secondwind/registry/backup.hpp>

#include <sqlite3.h>

#include <fstream>

namespace secondwind::registry {
namespace {

using test::at;

void run_in(std::filesystem::path const& file, char const* statements) {
    sqlite3* opened = nullptr;
    ASSERT_EQ(::sqlite3_open(file.c_str(), &opened), SQLITE_OK);
    EXPECT_EQ(::sqlite3_exec(opened, statements, nullptr, nullptr, nullptr), SQLITE_OK)
        << ::sqlite3_errmsg(opened);
    ::sqlite3_close(opened);
}

class health_test : public ::testing::Test {
protected:
    health_test() {
        store opened{folder.registry(), store::access::write};
        auto const host = opened.keep(test::sample_host());
        std::vector<model> listed{test::sample_model("a"), test::sample_model("boaster")};
        listed[1].max_context = 20'000'000;
        auto const model = opened.keep_listing(host, listed, at(1))[0].id;
        auto const run = opened.begin_run(test::sample_run(host));
        auto begun = test::sample_probe(run, model, 4096);
        begun.id = opened.begin_probe(begun);
        auto const added_up = test::sample_result(model, 4096);
        opened.update(test::answered(begun), &added_up);
        opened.begin_probe(test::sample_probe(run, model, 8192));
        opened.begin_restore({0, run, "chat", "{}", false});
    }

    // The only fault, or all of them in one text.
    std::string fault() const {
        std::string out;
        for (auto const& each : examine(folder.registry(), false).faults)
            out += (out.empty() ? "" : "\n") + each;
        return out;
    }

    test::folder folder;
};

TEST_F(health_test, tells_what_a_sound_registry_holds) {
    back_up(folder.registry(), "run", at(50));
    auto const found = examine(folder.registry(), true);
    EXPECT_TRUE(found.exists);
    EXPECT_EQ(found.file, std::filesystem::canonical(folder.registry()));
    EXPECT_GE(found.bytes, std::filesystem::file_size(folder.registry()));
    EXPECT_EQ(found.journal_mode, "wal");
    EXPECT_EQ(found.schema, 1);
    EXPECT_TRUE(found.faults.empty());
    EXPECT_EQ(found.hosts, 1U);
    EXPECT_EQ(found.models, 2U);
    EXPECT_EQ(found.runs, 1U);
    EXPECT_EQ(found.probes, 2U);
    EXPECT_EQ(found.results, 1U);
    EXPECT_EQ(found.unclean_probes, 1U);
    EXPECT_EQ(found.open_restores, 1U);
    ASSERT_EQ(found.complaints.size(), 1U);
    EXPECT_EQ(found.complaints[0], "boaster: claims a maximum context of 20000000");
    ASSERT_EQ(found.backups.size(), 1U);
    EXPECT_EQ(found.backups[0].fault, "");
}

TEST_F(health_test, finds_nothing_wrong_with_a_registry_that_is_not_there) {
    std::filesystem::remove_all(folder.registry().parent_path());
    auto const found = examine(folder.registry(), true);
    EXPECT_FALSE(found.exists);
    EXPECT_TRUE(found.faults.empty());
    EXPECT_FALSE(std::filesystem::exists(folder.registry().parent_path()));
}

TEST_F(health_test, finds_values_that_this_program_would_not_have_written) {
    run_in(folder.registry(), "UPDATE probe SET outcome='excellent' WHERE id=1");
    EXPECT_EQ(fault(), "probe 1: outcome is \"excellent\"");
    run_in(folder.registry(), "UPDATE probe SET outcome='good' WHERE id=1;"
                              "UPDATE host SET seen='yesterday'");
    EXPECT_EQ(fault(), "host 1: seen is \"yesterday\"");
    run_in(folder.registry(), "UPDATE host SET seen=NULL; UPDATE result SET status='testing'");
    EXPECT_EQ(fault(), "result 1: the registry does not keep this status of a result: \"testing\" "
                       "is none that it knows");
}

TEST_F(health_test, finds_values_out_of_range_and_rows_that_belong_to_nothing) {
    run_in(folder.registry(), "PRAGMA ignore_check_constraints=ON; UPDATE model SET size=-1 WHERE "
                              "id=1");
    EXPECT_NE(fault().find("CHECK constraint failed in model"), std::string::npos) << fault();
    run_in(folder.registry(), "UPDATE model SET size=1; PRAGMA foreign_keys=OFF;"
                              "UPDATE probe SET run=77 WHERE id=2");
    EXPECT_EQ(fault(), "probe 2 belongs to a run that is not there");
}

TEST_F(health_test, finds_each_backup_that_is_not_sound) {
    back_up(folder.registry(), "run", at(50));
    auto const bad = back_up(folder.registry(), "run", at(60));
    std::ofstream{bad->file} << "no database, and long enough to be read as the head of one: "
                             << std::string(200, 'x');
    auto const found = examine(folder.registry(), true);
    ASSERT_EQ(found.backups.size(), 2U);
    EXPECT_NE(found.backups[0].fault, "");
    EXPECT_EQ(found.backups[1].fault, "");
    EXPECT_TRUE(found.faults.empty());
    EXPECT_EQ(newest_good_backup(folder.registry())->file, found.backups[1].backup.file);
}

TEST_F(health_test, says_what_is_in_the_place_of_a_registry) {
    run_in(folder.registry(), "PRAGMA user_version=7");
    EXPECT_EQ(fault(), "its schema 7 is of a later version of secondwind");
    EXPECT_EQ(examine(folder.registry(), false).schema, 7);
    run_in(folder.registry(), "PRAGMA user_version=0");
    EXPECT_EQ(fault(), "its header names no version of the registry");
    std::ofstream{folder.registry()} << std::string(5000, 'x');
    EXPECT_NE(fault().find("not a database"), std::string::npos) << fault();
}

} // namespace
} // namespace secondwind::registry
