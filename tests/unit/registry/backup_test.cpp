#include "faults.hpp"
#include "samples.hpp"

#include <registry/connection.hpp>

#include <secondwind/registry/backup.hpp>

#include <array>
#include <fstream>

namespace secondwind::registry {
namespace {

using test::at;
using kind = registry_error::kind;

std::size_t hosts_in(std::filesystem::path const& file) {
    return store{file, store::access::read}.hosts().size();
}

void add_host(std::filesystem::path const& file, std::string const& name) {
    store{file, store::access::write}.keep(test::sample_host("http://" + name));
}

void damage(std::filesystem::path const& file) {
    std::fstream out{file, std::ios::binary | std::ios::in | std::ios::out};
    out.seekp(4096); // the second page: whatever it is, this is no page
    out << std::string(4096, '\xff');
}

std::string content_of(std::filesystem::path const& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

TEST(backup, is_made_of_nothing_where_there_is_no_registry) {
    test::folder const folder;
    EXPECT_FALSE(back_up(folder.registry(), "run", at(0)));
    EXPECT_TRUE(backups_of(folder.registry()).empty());
    EXPECT_FALSE(std::filesystem::exists(folder.registry().parent_path()));
}

TEST(backup, has_everything_that_was_committed) {
    test::folder const folder;
    store opened{folder.registry(), store::access::write};
    opened.keep(test::sample_host()); // still in the write-ahead log
    auto const made = back_up(folder.registry(), "import", at(7));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->file.filename(), "registry-20261122T000007.000Z-import.db");
    EXPECT_EQ(hosts_in(made->file), 1U);

    auto const listed = backups_of(folder.registry());
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].file, made->file);
    EXPECT_EQ(listed[0].made, at(7));
    EXPECT_EQ(listed[0].reason, "import");
    EXPECT_EQ(listed[0].bytes, std::filesystem::file_size(made->file));
    EXPECT_EQ(std::filesystem::status(made->file).permissions(), std::filesystem::perms{0600});
    EXPECT_EQ(std::filesystem::status(made->file.parent_path()).permissions(),
              std::filesystem::perms{0700});
}

TEST(backup, is_kept_ten_times_the_newest_first) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    for (int each = 0; each < 13; ++each)
        back_up(folder.registry(), "run", at(each));
    auto const kept = backups_of(folder.registry());
    ASSERT_EQ(kept.size(), kept_backups);
    EXPECT_EQ(kept.front().made, at(12));
    EXPECT_EQ(kept.back().made, at(3));
}

// Or `latest` would be an old one, and each new one the first to go.
TEST(backup, is_the_newest_even_if_the_clock_has_gone_back) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    back_up(folder.registry(), "run", at(1000));
    auto const second = back_up(folder.registry(), "run", at(10));
    auto const third = back_up(folder.registry(), "run", at(10));
    auto const kept = backups_of(folder.registry());
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0].file, third->file);
    EXPECT_EQ(kept[1].file, second->file);
}

TEST(backup, is_never_made_of_a_damaged_registry) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    auto const good = back_up(folder.registry(), "run", at(1));
    damage(folder.registry());
    auto const refused = test::failure_of([&] { back_up(folder.registry(), "run", at(2)); });
    EXPECT_EQ(refused.which(), kind::damaged);
    ASSERT_EQ(backups_of(folder.registry()).size(), 1U);
    EXPECT_EQ(backups_of(folder.registry())[0].file, good->file);
}

TEST(backup, leaves_other_files_in_its_folder_alone) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    back_up(folder.registry(), "run", at(0));
    auto const place = folder.registry().parent_path() / "backups";
    for (auto const* name : {"notes.txt", "registry-20261122T000000.000Z.db",
                             "registry-later-run.db", "other-20261122T000000.000Z-run.db"})
        std::ofstream{place / name} << "kept";
    for (int each = 1; each < 12; ++each)
        back_up(folder.registry(), "run", at(each));
    EXPECT_EQ(backups_of(folder.registry()).size(), kept_backups);
    for (auto const* name : {"notes.txt", "registry-20261122T000000.000Z.db",
                             "registry-later-run.db", "other-20261122T000000.000Z-run.db"})
        EXPECT_TRUE(std::filesystem::exists(place / name)) << name;
}

TEST(backup, comes_before_each_migration) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    std::array<std::string_view, 3> const steps{
        migrations()[0], "ALTER TABLE host ADD COLUMN note TEXT", "no SQL at all"};
    {
        connection migrated{folder.registry(), connection::purpose::write,
                            std::span{steps}.first(2)};
        EXPECT_EQ(
            migrated.sql().execAndGet("SELECT count(*) FROM host WHERE note IS NULL").getInt(), 1);
    }
    auto const kept = backups_of(folder.registry());
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].reason, "migration");
    EXPECT_EQ(hosts_in(kept[0].file), 1U); // it is of the schema before

    // This program knows one schema, so it leaves the second one alone.
    EXPECT_EQ(test::failure_of([&] { add_host(folder.registry(), "b"); }).which(), kind::newer);
    // A step that fails leaves the schema before it.
    EXPECT_THROW(connection(folder.registry(), connection::purpose::write, steps), registry_error);
    connection again{folder.registry(), connection::purpose::write, std::span{steps}.first(2)};
    EXPECT_EQ(again.sql().execAndGet("PRAGMA user_version").getInt(), 2);
}

TEST(restoring, puts_the_backup_in_place_and_the_old_registry_beside_it) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    auto const made = back_up(folder.registry(), "run", at(1));
    add_host(folder.registry(), "b");
    ASSERT_EQ(hosts_in(folder.registry()), 2U);

    auto const aside = restore_from(folder.registry(), made->file, at(2));
    EXPECT_EQ(hosts_in(folder.registry()), 1U);
    ASSERT_TRUE(aside);
    EXPECT_EQ(aside->filename(), "registry-replaced-20261122T000002.000Z.db");
    EXPECT_EQ(hosts_in(*aside), 2U);
    EXPECT_EQ(std::filesystem::status(folder.registry()).permissions(),
              std::filesystem::perms{0600});
    add_host(folder.registry(), "c");
    EXPECT_EQ(hosts_in(folder.registry()), 2U);
    EXPECT_NE(restore_from(folder.registry(), made->file, at(2)), aside);
}

TEST(restoring, needs_no_registry_that_is_there) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    auto const made = back_up(folder.registry(), "run", at(1));
    std::filesystem::remove(folder.registry());
    EXPECT_FALSE(restore_from(folder.registry(), made->file, at(2)));
    EXPECT_EQ(hosts_in(folder.registry()), 1U);
}

TEST(restoring, is_named_where_a_registry_is_damaged) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    auto const good = back_up(folder.registry(), "run", at(1));
    auto const bad = back_up(folder.registry(), "run", at(2));
    damage(folder.registry());
    damage(bad->file);
    auto const refused = test::failure_of([&] { add_host(folder.registry(), "b"); });
    EXPECT_EQ(refused.which(), kind::damaged);
    std::string const sentence{refused.what()};
    EXPECT_NE(sentence.find(good->file.string()), sentence.npos) << sentence;
    EXPECT_NE(sentence.find("secondwind lab restore latest"), sentence.npos) << sentence;

    std::filesystem::remove(good->file);
    std::string const without = test::failure_of([&] { add_host(folder.registry(), "b"); }).what();
    EXPECT_NE(without.find("no good backup"), without.npos) << without;
}

TEST(restoring, refuses_a_backup_that_is_not_sound_and_changes_nothing) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    auto const made = back_up(folder.registry(), "run", at(1));
    damage(made->file);
    auto const other = folder.path() / "other.db";
    std::ofstream{other} << "no database";
    auto const before = content_of(folder.registry());
    for (auto const& file : {made->file, other, folder.path() / "absent.db", folder.registry()}) {
        EXPECT_THROW(restore_from(folder.registry(), file, at(2)), registry_error) << file;
        EXPECT_EQ(content_of(folder.registry()), before);
    }
}

TEST(restoring, waits_for_those_who_have_the_registry_open) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    auto const made = back_up(folder.registry(), "run", at(1));
    store const opened{folder.registry(), store::access::read};
    auto const refused = test::failure_of(
        [&] { restore_from(folder.registry(), made->file, at(2), std::chrono::milliseconds{1}); });
    EXPECT_EQ(refused.which(), kind::unusable);
    EXPECT_EQ(opened.hosts().size(), 1U);
}

TEST(network_folder, gets_a_registry_with_a_rollback_journal) {
    test::folder const folder;
    {
        test::faults::without_shared_memory const network;
        add_host(folder.registry(), "a");
        EXPECT_EQ(hosts_in(folder.registry()), 1U);
        auto const state = examine(folder.registry(), true);
        EXPECT_EQ(state.journal_mode, "delete");
        EXPECT_TRUE(state.faults.empty());
        auto const made = back_up(folder.registry(), "run", at(1));
        add_host(folder.registry(), "b");
        restore_from(folder.registry(), made->file, at(2));
        EXPECT_EQ(hosts_in(folder.registry()), 1U);
    }
    add_host(folder.registry(), "b");
    EXPECT_EQ(examine(folder.registry(), false).journal_mode, "wal");
}

TEST(network_folder, takes_over_a_registry_that_had_a_write_ahead_log) {
    test::folder const folder;
    add_host(folder.registry(), "a");
    ASSERT_EQ(examine(folder.registry(), false).journal_mode, "wal");
    test::faults::without_shared_memory const network;
    EXPECT_EQ(hosts_in(folder.registry()), 1U);
    add_host(folder.registry(), "b");
    EXPECT_EQ(hosts_in(folder.registry()), 2U);
    EXPECT_EQ(examine(folder.registry(), false).journal_mode, "delete");
}

} // namespace
} // namespace secondwind::registry
