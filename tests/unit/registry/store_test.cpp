#include "samples.hpp"

#include <secondwind/registry/store.hpp>

#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

namespace secondwind::registry {
namespace {

using test::at;
using kind = registry_error::kind;

class store_test : public ::testing::Test {
protected:
    test::folder folder;
    store opened{folder.registry(), store::access::write};
    row_id host_id = opened.keep(test::sample_host());
};

mode_t permissions(std::filesystem::path const& file) {
    struct stat found {};
    EXPECT_EQ(::stat(file.c_str(), &found), 0) << file;
    return found.st_mode & 07777U;
}

std::int64_t number_in(std::filesystem::path const& file, char const* query) {
    sqlite3* opened = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(::sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    EXPECT_EQ(::sqlite3_prepare_v2(opened, query, -1, &statement, nullptr), SQLITE_OK) << query;
    ::sqlite3_step(statement);
    auto const out = ::sqlite3_column_int64(statement, 0);
    ::sqlite3_finalize(statement);
    ::sqlite3_close(opened);
    return out;
}

void change_in(std::filesystem::path const& file, char const* statements) {
    sqlite3* opened = nullptr;
    EXPECT_EQ(::sqlite3_open(file.c_str(), &opened), SQLITE_OK);
    EXPECT_EQ(::sqlite3_exec(opened, statements, nullptr, nullptr, nullptr), SQLITE_OK)
        << ::sqlite3_errmsg(opened);
    ::sqlite3_close(opened);
}

std::string bytes_of(std::filesystem::path const& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

TEST_F(store_test, is_for_the_owner_alone) {
    EXPECT_EQ(permissions(folder.registry().parent_path()), 0700U);
    EXPECT_EQ(permissions(folder.registry()), 0600U);
    EXPECT_EQ(permissions(folder.registry().string() + "-wal"), 0600U);
}

TEST_F(store_test, marks_its_file_with_what_it_is_and_its_schema) {
    EXPECT_EQ(number_in(folder.registry(), "PRAGMA application_id"), 0x53574c42);
    EXPECT_EQ(number_in(folder.registry(), "PRAGMA user_version"), 1);
    EXPECT_EQ(number_in(folder.registry(), "SELECT count(*) FROM pragma_journal_mode WHERE "
                                           "journal_mode='wal'"),
              1);
}

TEST_F(store_test, knows_a_host_by_its_url) {
    auto later = test::sample_host();
    later.name = "renamed";
    later.version.clear();
    later.seen = at(5);
    EXPECT_EQ(opened.keep(later), host_id);
    EXPECT_NE(opened.keep(test::sample_host("http://other:1234")), host_id);

    auto const found = opened.find_host("http://localhost:1234");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "renamed");
    EXPECT_EQ(found->version, "0.4.25"); // an unknown one does not replace it
    EXPECT_EQ(found->seen, at(5));
    EXPECT_FALSE(opened.find_host("http://nowhere"));
    EXPECT_EQ(opened.hosts().size(), 2U);
}

TEST_F(store_test, marks_what_is_no_longer_listed_and_keeps_it) {
    std::vector const both{test::sample_model("a"), test::sample_model("b")};
    auto const first = opened.keep_listing(host_id, both, at(1));
    ASSERT_EQ(first.size(), 2U);
    opened.keep(test::sample_result(first[1].id, 8192));

    std::vector<model> one{test::sample_model("a")};
    one[0].max_context = 32768;
    auto const second = opened.keep_listing(host_id, one, at(2));
    ASSERT_EQ(second.size(), 2U);
    EXPECT_EQ(second[0].id, first[0].id);
    EXPECT_EQ(second[0].max_context, 32768);
    EXPECT_EQ(second[0].first_seen, at(1));
    EXPECT_EQ(second[0].last_seen, at(2));
    EXPECT_EQ(second[1].missing_since, at(2));
    EXPECT_EQ(second[1].last_seen, at(1));
    EXPECT_EQ(opened.default_result(second[1].id)->works, 8192);

    EXPECT_EQ(opened.keep_listing(host_id, one, at(3))[1].missing_since, at(2));
    auto const back = opened.keep_listing(host_id, both, at(4));
    EXPECT_FALSE(back[1].missing_since);
    EXPECT_EQ(back[1].id, first[1].id);
}

TEST_F(store_test, refuses_an_empty_listing_where_there_were_models) {
    EXPECT_TRUE(opened.keep_listing(host_id, {}, at(1)).empty());
    std::vector const listed{test::sample_model("a")};
    auto const before = opened.keep_listing(host_id, listed, at(2));
    EXPECT_EQ(test::failure_of([&] { opened.keep_listing(host_id, {}, at(3)); }).which(),
              kind::invalid);
    auto const after = opened.models(host_id);
    ASSERT_EQ(after.size(), 1U);
    EXPECT_FALSE(after[0].missing_since);
    EXPECT_EQ(after[0].last_seen, at(2));
}

TEST_F(store_test, keeps_the_other_models_when_one_claims_too_much) {
    std::vector<model> listed{test::sample_model("a"), test::sample_model("boaster"),
                              test::sample_model(""), test::sample_model(std::string(1025, 'x'))};
    listed[1].max_context = 20'000'000;
    auto const kept = opened.keep_listing(host_id, listed, at(1));
    ASSERT_EQ(kept.size(), 2U);
    EXPECT_EQ(kept[0].key, "a");
    EXPECT_FALSE(kept[1].max_context);
    EXPECT_EQ(kept[1].complaint, "claims a maximum context of 20000000");
}

TEST_F(store_test, gives_back_a_probe_as_it_was_kept) {
    std::vector const listed{test::sample_model("a")};
    auto const model = opened.keep_listing(host_id, listed, at(1))[0].id;
    auto const run = opened.begin_run(test::sample_run(host_id));
    auto begun = test::sample_probe(run, model, 4096);
    begun.id = opened.begin_probe(begun);
    EXPECT_EQ(opened.unclean_probes(host_id).size(), 1U);
    EXPECT_EQ(opened.probes(model).at(0).outcome, outcome::running);

    auto const ended = test::answered(begun);
    auto const added_up = test::sample_result(model, 4096);
    opened.update(ended, &added_up);
    EXPECT_TRUE(opened.unclean_probes(host_id).empty());
    auto const kept = opened.probes(model).at(0);
    EXPECT_EQ(kept.id, begun.id);
    EXPECT_EQ(kept.run, run);
    EXPECT_EQ(kept.fingerprint, ended.fingerprint);
    EXPECT_EQ(kept.lmstudio, ended.lmstudio);
    EXPECT_EQ(kept.settings, "{}");
    EXPECT_EQ(kept.asked, 4096);
    EXPECT_EQ(kept.effective, 4096);
    EXPECT_EQ(kept.filled, 4000);
    EXPECT_EQ(kept.outcome, outcome::good);
    EXPECT_EQ(kept.error, "");
    EXPECT_EQ(kept.instance, ended.instance);
    EXPECT_TRUE(kept.clean);
    EXPECT_EQ(kept.load, 3.25);
    EXPECT_EQ(kept.ttft, 0.5);
    EXPECT_EQ(kept.tps, 41.5);
    EXPECT_EQ(kept.prompt_tokens, 3990);
    EXPECT_EQ(kept.output_tokens, 64);
    EXPECT_EQ(kept.recall, recall::both);
    EXPECT_EQ(kept.memory, 5'600'000'000);
    EXPECT_EQ(kept.beside, ended.beside);
    EXPECT_EQ(kept.began, at(20));
    EXPECT_EQ(kept.ended, at(30));

    auto const result = opened.default_result(model);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->works, 4096);
    EXPECT_EQ(result->limited_by, "guardrail");
    EXPECT_EQ(result->document, added_up.document);
    EXPECT_EQ(result->measured, at(40));
}

TEST_F(store_test, writes_neither_the_probe_nor_the_result_when_one_is_out_of_range) {
    std::vector const listed{test::sample_model("a")};
    auto const model = opened.keep_listing(host_id, listed, at(1))[0].id;
    auto begun = test::sample_probe(opened.begin_run(test::sample_run(host_id)), model, 4096);
    begun.id = opened.begin_probe(begun);

    auto added_up = test::sample_result(model, 20'000'000);
    auto const refused = test::failure_of([&] { opened.update(test::answered(begun), &added_up); });
    EXPECT_EQ(refused.which(), kind::invalid);
    EXPECT_STREQ(refused.what(), "the registry does not keep this context that works: 20000000 is "
                                 "not between 0 and 10000000");
    EXPECT_EQ(opened.probes(model).at(0).outcome, outcome::running);

    auto fast = test::answered(begun);
    fast.tps = 1e7;
    EXPECT_EQ(test::failure_of([&] { opened.update(fast); }).which(), kind::invalid);
    auto wordy = test::answered(begun);
    wordy.error = std::string(longest_error + 1, 'x');
    EXPECT_EQ(test::failure_of([&] { opened.update(wordy); }).which(), kind::invalid);
    added_up = test::sample_result(model, 4096);
    added_up.status = "testing";
    EXPECT_EQ(test::failure_of([&] { opened.keep(added_up); }).which(), kind::invalid);
    added_up = test::sample_result(model, 4096);
    added_up.document = "[]";
    EXPECT_EQ(test::failure_of([&] { opened.keep(added_up); }).which(), kind::invalid);
    EXPECT_TRUE(opened.results(model).empty());
}

// The database checks as well, for whatever writes to it.
TEST_F(store_test, has_its_ranges_in_the_database_too) {
    std::vector const listed{test::sample_model("a")};
    opened.keep_listing(host_id, listed, at(1));
    sqlite3* raw = nullptr;
    ASSERT_EQ(::sqlite3_open(folder.registry().c_str(), &raw), SQLITE_OK);
    for (auto const* statement :
         {"UPDATE model SET max_context=10000001", "UPDATE model SET max_context='many'",
          "UPDATE model SET size=-1", "UPDATE model SET key=''", "UPDATE model SET facts='{'",
          "UPDATE model SET type='vlm'", "UPDATE host SET name=NULL"})
        EXPECT_EQ(::sqlite3_exec(raw, statement, nullptr, nullptr, nullptr), SQLITE_CONSTRAINT)
            << statement;
    ::sqlite3_close(raw);
}

TEST_F(store_test, compares_settings_by_what_they_mean) {
    std::vector const listed{test::sample_model("a")};
    auto const model = opened.keep_listing(host_id, listed, at(1))[0].id;
    auto added_up = test::sample_result(model, 4096);
    added_up.settings = "{ }";
    opened.keep(added_up);
    added_up.settings = R"({"kv_on_gpu": false, "flash_attention": true})";
    added_up.works = 8192;
    opened.keep(added_up);
    added_up.settings = R"({"flash_attention":true,"kv_on_gpu":false})";
    added_up.works = 16384;
    opened.keep(added_up);
    ASSERT_EQ(opened.results(model).size(), 2U);
    EXPECT_EQ(opened.default_result(model)->works, 4096);
    EXPECT_EQ(opened.results(model)[0].works, 16384);
}

TEST_F(store_test, lists_runs_and_instances_that_are_not_finished) {
    auto const run = opened.begin_run(test::sample_run(host_id));
    auto const other = opened.begin_run(test::sample_run(host_id));
    auto const restore_id = opened.begin_restore({0, run, "chat", R"({"key":"a"})", false});
    opened.begin_restore({0, other, "helper", "{}", false});

    ASSERT_EQ(opened.open_runs(host_id).size(), 2U);
    EXPECT_EQ(opened.open_runs(host_id)[0].boot, test::sample_run(host_id).boot);
    EXPECT_EQ(opened.open_runs(host_id)[0].pid, 4711);
    opened.end_run(run, "complete", at(50));
    ASSERT_EQ(opened.open_runs(host_id).size(), 1U);
    EXPECT_EQ(opened.open_runs(host_id)[0].id, other);

    ASSERT_EQ(opened.open_restores(host_id).size(), 2U);
    EXPECT_EQ(opened.open_restores(host_id)[0].config, R"({"key":"a"})");
    opened.end_restore(restore_id);
    EXPECT_EQ(opened.open_restores(host_id).size(), 1U);
    EXPECT_EQ(test::failure_of([&] { opened.end_run(99, "complete", at(50)); }).which(),
              kind::invalid);
}

TEST_F(store_test, forgets_a_model_with_all_that_it_knows_of_it) {
    std::vector const listed{test::sample_model("a"), test::sample_model("b")};
    auto const models = opened.keep_listing(host_id, listed, at(1));
    auto const run = opened.begin_run(test::sample_run(host_id));
    for (auto const& each : models) {
        opened.begin_probe(test::sample_probe(run, each.id, 4096));
        opened.keep(test::sample_result(each.id, 4096));
    }
    opened.forget(models[0].id);
    EXPECT_EQ(opened.models(host_id).size(), 1U);
    EXPECT_TRUE(opened.probes(models[0].id).empty());
    EXPECT_TRUE(opened.results(models[0].id).empty());
    EXPECT_EQ(opened.probes(models[1].id).size(), 1U);
}

TEST_F(store_test, shows_all_hosts_and_models_with_their_results_at_once) {
    auto const idle = opened.keep({0, "an idle one", "http://idle", "", std::nullopt});
    std::vector const listed{test::sample_model("a"), test::sample_model("b")};
    auto const models = opened.keep_listing(host_id, listed, at(1));
    opened.keep(test::sample_result(models[1].id, 4096));
    auto other = test::sample_result(models[0].id, 8192);
    other.settings = R"({"kv_on_gpu":false})";
    opened.keep(other);

    auto const shown = opened.overview();
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown[0].host.id, idle);
    EXPECT_TRUE(shown[0].models.empty());
    ASSERT_EQ(shown[1].models.size(), 2U);
    EXPECT_EQ(shown[1].models[0].model.key, "a");
    EXPECT_FALSE(shown[1].models[0].result); // measured with other settings only
    EXPECT_EQ(shown[1].models[1].result->works, 4096);
}

TEST_F(store_test, makes_several_changes_at_once_or_none) {
    std::vector const listed{test::sample_model("a"), test::sample_model("b")};
    auto const models = opened.keep_listing(host_id, listed, at(1));
    {
        store::batch changes{opened};
        opened.keep(test::sample_result(models[0].id, 4096));
    }
    EXPECT_TRUE(opened.results(models[0].id).empty());
    {
        store::batch changes{opened};
        opened.keep(test::sample_result(models[0].id, 4096));
        EXPECT_THROW(opened.keep(test::sample_result(9999, 4096)), registry_error);
        opened.keep(test::sample_result(models[1].id, 8192));
        changes.commit();
    }
    EXPECT_EQ(opened.results(models[0].id).size(), 1U);
    EXPECT_EQ(opened.results(models[1].id).size(), 1U);
}

TEST(store, reads_an_absent_registry_as_an_empty_one_and_makes_nothing) {
    test::folder const folder;
    store const opened{folder.registry(), store::access::read};
    EXPECT_TRUE(opened.hosts().empty());
    EXPECT_TRUE(opened.overview().empty());
    EXPECT_FALSE(std::filesystem::exists(folder.registry().parent_path()));
}

TEST(store, changes_nothing_when_it_only_reads) {
    test::folder const folder;
    store{folder.registry(), store::access::write}.keep(test::sample_host());
    auto const before = bytes_of(folder.registry());
    {
        store reading{folder.registry(), store::access::read};
        EXPECT_EQ(reading.hosts().size(), 1U);
        EXPECT_THROW(reading.keep(test::sample_host("http://other")), registry_error);
    }
    EXPECT_EQ(bytes_of(folder.registry()), before);
}

TEST(store, follows_a_symbolic_link_to_its_file) {
    test::folder const folder;
    { store const made{folder.registry(), store::access::write}; }
    std::filesystem::create_symlink(folder.registry(), folder.path() / "link.db");
    store{folder.path() / "link.db", store::access::write}.keep(test::sample_host());
    EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link.db"));
    store const opened{folder.registry(), store::access::read};
    EXPECT_EQ(opened.hosts().size(), 1U);
    EXPECT_EQ(opened.file(), std::filesystem::canonical(folder.registry()));
}

TEST(store, refuses_a_later_schema_and_does_not_touch_it) {
    test::folder const folder;
    store{folder.registry(), store::access::write}.keep(test::sample_host());
    change_in(folder.registry(), "PRAGMA user_version=2");
    auto const before = bytes_of(folder.registry());
    for (auto const wanted : {store::access::read, store::access::write})
        EXPECT_EQ(test::failure_of([&] { store opened(folder.registry(), wanted); }).which(),
                  kind::newer);
    EXPECT_EQ(bytes_of(folder.registry()), before);
}

TEST(store, refuses_the_database_of_another_program_and_does_not_touch_it) {
    test::folder const folder;
    std::filesystem::create_directory(folder.registry().parent_path());
    change_in(folder.registry(), "CREATE TABLE bookmark(url TEXT)");
    auto const before = bytes_of(folder.registry());
    for (auto const wanted : {store::access::read, store::access::write})
        EXPECT_EQ(test::failure_of([&] { store opened(folder.registry(), wanted); }).which(),
                  kind::unusable);
    EXPECT_EQ(bytes_of(folder.registry()), before);
}

TEST(store, refuses_what_is_no_database_and_does_not_touch_it) {
    test::folder const folder;
    std::filesystem::create_directory(folder.registry().parent_path());
    std::ofstream{folder.registry()} << std::string(5000, 'x');
    for (auto const wanted : {store::access::read, store::access::write})
        EXPECT_EQ(test::failure_of([&] { store opened(folder.registry(), wanted); }).which(),
                  kind::damaged);
    EXPECT_EQ(bytes_of(folder.registry()), std::string(5000, 'x'));
}

TEST(store, takes_an_empty_file_for_a_new_registry) {
    test::folder const folder;
    std::filesystem::create_directory(folder.registry().parent_path());
    std::ofstream{folder.registry()}.flush();
    EXPECT_TRUE((store{folder.registry(), store::access::read}.hosts().empty()));
    EXPECT_GT((store{folder.registry(), store::access::write}.keep(test::sample_host())), 0);
}

} // namespace
} // namespace secondwind::registry
