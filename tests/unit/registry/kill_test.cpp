// The process is killed, or the disk fails, at each change of any file in turn.
#include "faults.hpp"
#include "lab_run.hpp"

#include <registry/files.hpp>

#include <fstream>
#include <functional>
#include <optional>

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace secondwind::registry {
namespace {

using test::at;
using test::faults::action;

constexpr std::size_t all_probes = test::tested_models.size() * test::tested_contexts.size();

enum class ending { finished, struck, wrong };

// In a process of its own.
ending in_process(std::function<void()> const& work) {
    auto const process = ::fork();
    if (process == 0) {
        try {
            work();
            ::_exit(0);
        } catch (registry_error const& error) {
            ::_exit(error.which() == registry_error::kind::full ? 3 : 4);
        } catch (...) {
            ::_exit(5);
        }
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL ? ending::struck : ending::wrong;
    if (WEXITSTATUS(status) == 0)
        return ending::finished;
    return WEXITSTATUS(status) == 3 ? ending::struck : ending::wrong;
}

ending with_fault(action wanted, int k, std::function<void()> const& work) {
    return in_process([&] {
        test::faults::arm(wanted, k);
        work();
        // A failure that nobody has noticed is one that did no harm, or the checks after it tell.
        if (test::faults::disarm())
            ::_exit(3);
    });
}

std::size_t count_good(health const& found) {
    std::size_t out = 0;
    for (auto const& each : found.backups)
        out += each.fault.empty() ? 1 : 0;
    return out;
}

std::size_t good_backups(std::filesystem::path const& file) {
    return count_good(examine(file, true));
}

std::string faults_of(std::filesystem::path const& file) {
    std::string out;
    for (auto const& each : examine(file, false).faults)
        out += each + "; ";
    return out;
}

std::string content(std::filesystem::path const& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

// A copy of a folder for each fault.
void renew(std::filesystem::path const& from, std::filesystem::path const& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

struct fault {
    action kind;
    bool on_network = false;
};

class faults_test : public ::testing::TestWithParam<fault> {
protected:
    faults_test() {
        if (GetParam().on_network)
            network.emplace();
    }

    // At each k until it is past the end of the work. Returns how many there were.
    int at_each_change(std::function<void()> const& work, std::function<void()> const& check,
                       int step = 1) {
        for (int k = 1;; k += step) {
            SCOPED_TRACE("change " + std::to_string(k));
            renew(folder.registry().parent_path(), copy().parent_path());
            auto const end = with_fault(GetParam().kind, k, work);
            EXPECT_NE(end, ending::wrong);
            check();
            if (end != ending::struck || HasFailure())
                return k - step;
        }
    }

    void leave_a_journal();

    std::filesystem::path copy() const { return folder.path() / "copy" / "registry.db"; }

    test::folder folder;
    test::acknowledged done;
    std::optional<test::faults::without_shared_memory> network;
};

TEST_P(faults_test, of_a_run_lose_nothing_that_was_acknowledged) {
    store{folder.registry(), store::access::write}.keep(test::sample_host());
    back_up(folder.registry(), "manual", at(0));

    auto const count = at_each_change(
        [&] {
            done.reset();
            test::run_lab(copy(), done);
        },
        [&] {
            auto const health = examine(copy(), true);
            EXPECT_TRUE(health.faults.empty()) << health.faults.front();
            auto const good_ones = count_good(health);
            EXPECT_GE(good_ones, 1U);
            EXPECT_LE(good_ones, kept_backups);
            auto const found = test::state_of(copy());
            for (std::size_t each = 0; each < test::tested_models.size(); ++each) {
                auto const key = test::tested_models[each];
                auto const good = found.good.contains(key) ? found.good.at(key) : 0;
                EXPECT_GE(good, done.of(each)) << key;
                // The result is of the same transaction as its last probe.
                auto const works = found.works.contains(key) ? found.works.at(key) : 0;
                EXPECT_EQ(works, good == 0 ? 0 : test::tested_contexts[std::size_t(good) - 1]);
            }

            // The next run makes at most one probe again, and has the same results.
            test::run_lab(copy(), done);
            auto const resumed = test::state_of(copy());
            EXPECT_LE(resumed.probes, all_probes + 1);
            for (auto const* key : test::tested_models)
                EXPECT_EQ(resumed.works.at(key), test::tested_contexts.back());
        },
        GetParam().on_network ? 5 : 1);                 // it makes three times as many changes
    EXPECT_GT(count, static_cast<int>(4 * all_probes)); // four transactions each
}

TEST_P(faults_test, of_a_first_run_leave_a_registry_or_none) {
    std::filesystem::create_directory(folder.registry().parent_path());
    at_each_change(
        [&] {
            store{copy(), store::access::write}.keep(test::sample_host());
        },
        [&] {
            EXPECT_EQ(faults_of(copy()), "");
            EXPECT_LE((store{copy(), store::access::read}.hosts().size()), 1U);
            store{copy(), store::access::write}.keep(test::sample_host());
            EXPECT_EQ((store{copy(), store::access::read}.hosts().size()), 1U);
        });
}

TEST_P(faults_test, of_a_backup_leave_the_others_and_the_registry) {
    store{folder.registry(), store::access::write}.keep(test::sample_host());
    for (int each = 0; each < static_cast<int>(kept_backups); ++each)
        back_up(folder.registry(), "run", at(each));

    auto const count = at_each_change(
        [&] { back_up(copy(), "run", at(50)); },
        [&] {
            EXPECT_EQ(faults_of(copy()), "");
            EXPECT_EQ((store{copy(), store::access::read}.hosts().size()), 1U);
            // Between the last step of the new one and the removal of the oldest there is one more.
            auto const good = good_backups(copy());
            EXPECT_GE(good, kept_backups);
            EXPECT_LE(good, kept_backups + 1);
            back_up(copy(), "run", at(60));
            EXPECT_EQ(good_backups(copy()), kept_backups);
            for (auto const& each :
                 std::filesystem::directory_iterator{copy().parent_path() / "backups"})
                EXPECT_EQ(each.path().string().find(".tmp"), std::string::npos) << each.path();
        });
    EXPECT_GT(count, 5);
}

// The database alone is not what was committed: the newest host is in its write-ahead log, or half
// of one is in the database and has to be taken back.
void faults_test::leave_a_journal() {
    if (!GetParam().on_network) {
        ASSERT_EQ(in_process([&] {
                      store opened{folder.registry(), store::access::write};
                      opened.keep(test::sample_host("http://c"));
                      ::kill(::getpid(), SIGKILL);
                  }),
                  ending::struck);
        ASSERT_GT(std::filesystem::file_size(folder.registry().string() + "-wal"), 0U);
        return;
    }
    auto const journal = with_suffix(folder.registry(), "-journal");
    auto const whole = content(folder.registry());
    for (int k = 1; content(folder.registry()) == whole || !std::filesystem::exists(journal); ++k)
        ASSERT_EQ(with_fault(action::kill, k,
                             [&] {
                                 store opened{folder.registry(), store::access::write};
                                 opened.keep(test::sample_host("http://c"));
                             }),
                  ending::struck);
}

TEST_P(faults_test, of_a_restore_leave_the_old_registry_or_the_new_one) {
    store{folder.registry(), store::access::write}.keep(test::sample_host());
    auto const backup_name = back_up(folder.registry(), "run", at(0))->file.filename();
    store{folder.registry(), store::access::write}.keep(test::sample_host("http://b"));
    leave_a_journal();

    renew(folder.registry().parent_path(), copy().parent_path());
    auto const before = store{copy(), store::access::read}.hosts().size();
    EXPECT_EQ(before, GetParam().on_network ? 2U : 3U);
    int old = 0;
    int restored = 0;
    auto const restore_copy = [&] {
        restore_from(copy(), copy().parent_path() / "backups" / backup_name, at(50));
    };
    at_each_change(restore_copy, [&] {
        EXPECT_EQ(faults_of(copy()), "");
        auto const hosts = store{copy(), store::access::read}.hosts().size();
        EXPECT_TRUE(hosts == 1 || hosts == before) << hosts;
        (hosts == 1 ? restored : old) += 1;
        if (hosts == 1) { // the old one is beside it, with all its rows
            auto const aside = copy().parent_path() / "registry-replaced-20261122T000050.000Z.db";
            EXPECT_EQ((store{aside, store::access::read}.hosts().size()), before);
        }
        restore_copy();
        EXPECT_EQ((store{copy(), store::access::read}.hosts().size()), 1U);
    });
    EXPECT_GT(old, 2);
    EXPECT_GT(restored, 2);
}

INSTANTIATE_TEST_SUITE_P(kill, faults_test, ::testing::Values(fault{action::kill}));
INSTANTIATE_TEST_SUITE_P(kill_in_the_middle, faults_test,
                         ::testing::Values(fault{action::kill_in_the_middle}));
INSTANTIATE_TEST_SUITE_P(full, faults_test, ::testing::Values(fault{action::full}));
INSTANTIATE_TEST_SUITE_P(failed_write, faults_test, ::testing::Values(fault{action::failed_write}));
INSTANTIATE_TEST_SUITE_P(kill_on_a_network, faults_test,
                         ::testing::Values(fault{action::kill_in_the_middle, true}));

TEST(full_disk, ends_a_run_and_keeps_what_was_acknowledged) {
    test::folder const prepared;
    test::acknowledged done;
    { store const made{prepared.registry(), store::access::write}; }
    int ended = 0;
    for (rlim_t most = 0;; most += 8192) {
        SCOPED_TRACE("files of at most " + std::to_string(most) + " bytes");
        test::folder const folder;
        std::filesystem::copy(prepared.registry().parent_path(), folder.registry().parent_path(),
                              std::filesystem::copy_options::recursive);
        auto const end = in_process([&] {
            ::signal(SIGXFSZ, SIG_IGN);
            rlimit const limit{most, most};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            done.reset();
            test::run_lab(folder.registry(), done);
        });
        ASSERT_NE(end, ending::wrong);
        ASSERT_EQ(faults_of(folder.registry()), "");
        auto const found = test::state_of(folder.registry());
        for (std::size_t each = 0; each < test::tested_models.size(); ++each)
            if (done.of(each) != 0) {
                ASSERT_GE(found.good.at(test::tested_models[each]), done.of(each));
            }
        if (end == ending::finished)
            break;
        ++ended;
    }
    EXPECT_GT(ended, 3);
}

// Each with its number, at the same time.
void in_two_processes(std::function<void(std::size_t)> const& work) {
    std::array<pid_t, 2> processes{};
    for (std::size_t each = 0; each < processes.size(); ++each) {
        processes[each] = ::fork();
        if (processes[each] == 0) {
            try {
                work(each);
                ::_exit(0);
            } catch (std::exception const& error) {
                std::fprintf(stderr, "%s\n", error.what());
                ::_exit(1);
            }
        }
    }
    for (auto const process : processes) {
        int status = -1;
        ::waitpid(process, &status, 0);
        EXPECT_EQ(status, 0);
    }
}

TEST(two_processes, write_to_one_registry_and_lose_no_row) {
    test::folder folder;
    std::array<test::acknowledged, 2> done;
    in_two_processes([&](std::size_t each) {
        test::run_lab(folder.registry(), done[each], "http://host-" + std::to_string(each));
    });
    EXPECT_EQ(faults_of(folder.registry()), "");
    store const opened{folder.registry(), store::access::read};
    ASSERT_EQ(opened.hosts().size(), 2U);
    for (auto const& host : opened.hosts()) {
        auto const models = opened.models(host.id);
        ASSERT_EQ(models.size(), test::tested_models.size());
        for (auto const& each : models)
            EXPECT_EQ(opened.probes(each.id).size(), test::tested_contexts.size());
    }
}

// A transaction that only reads at first could not write after another one has.
TEST(two_processes, keep_listings_at_the_same_time) {
    test::folder folder;
    row_id const host = store{folder.registry(), store::access::write}.keep(test::sample_host());
    in_two_processes([&](std::size_t) {
        std::vector const listed{test::sample_model("a"), test::sample_model("b")};
        store opened{folder.registry(), store::access::write};
        for (int each = 0; each < 200; ++each)
            opened.keep_listing(host, listed, at(each));
    });
    EXPECT_EQ((store{folder.registry(), store::access::read}.models(host).size()), 2U);
}

} // namespace
} // namespace secondwind::registry
