// A ledger on a disk that becomes full in the middle of a line: its place is taken by a limit that
// only POSIX has.
#include "support/temporary_folder.hpp"
#include <secondwind/recovery/ledger_file.hpp>

#include <gmock/gmock.h>

#include <csignal>
#include <cstdint>
#include <filesystem>

#include <sys/resource.h>

namespace secondwind::recovery {
namespace {

TEST(a_full_disk, leaves_no_part_of_a_line_in_the_ledger) {
    test::temporary_folder const folder;
    auto const name = (folder.path() / "ledger").string();
    ledger_file file{name};
    record example;
    auto const append = [&](std::uint64_t id) {
        example.id = id;
        file.append(example, 1'000'000);
    };
    append(1);
    auto const whole = std::filesystem::file_size(name);

    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit const tight{whole + 5, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    append(2);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(std::filesystem::file_size(name), whole);

    append(3);
    auto const content = read_ledger(name, 10);
    EXPECT_EQ(content.damaged, 0U);
    EXPECT_THAT(content.records, testing::ElementsAre(testing::Field(&record::id, 1U),
                                                      testing::Field(&record::id, 3U)));
}

} // namespace
} // namespace secondwind::recovery
