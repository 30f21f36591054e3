#include "samples.hpp"

#include <secondwind/registry/lock.hpp>

#include <array>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

namespace secondwind::registry {
namespace {

using mode = file_lock::mode;

// Another process that has taken a lock, until it is killed.
class locking_process {
public:
    locking_process(std::filesystem::path const& file, mode wanted) {
        std::array<int, 2> ready{};
        EXPECT_EQ(::pipe(ready.data()), 0);
        process_ = ::fork();
        if (process_ == 0) {
            file_lock const lock{file, wanted};
            char const answer = lock.held() ? 'y' : 'n';
            if (::write(ready[1], &answer, 1) == 1)
                ::pause();
            ::_exit(0);
        }
        char answer = '?';
        EXPECT_EQ(::read(ready[0], &answer, 1), 1);
        held_ = answer == 'y';
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~locking_process() { end(); }
    locking_process(locking_process const&) = delete;
    locking_process& operator=(locking_process const&) = delete;

    bool held() const { return held_; }
    pid_t process() const { return process_; }
    void end() {
        if (process_ <= 0)
            return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = 0;
    }

private:
    pid_t process_ = 0;
    bool held_ = false;
};

TEST(registry_lock, is_beside_the_registry_under_its_name) {
    test::folder const folder;
    auto const place = folder.registry().parent_path();
    EXPECT_EQ(registry_lock_file(folder.registry()), place / "registry.lock");
    EXPECT_EQ(host_lock_file(folder.registry(), 3), place / "registry-host-3.lock");
    EXPECT_EQ(host_lock_file(place / "other.db", 3), place / "other-host-3.lock");
}

TEST(registry_lock, names_the_process_that_holds_it) {
    test::folder const folder;
    auto const file = host_lock_file(folder.registry(), 1);
    locking_process first{file, mode::exclusive};
    ASSERT_TRUE(first.held());
    file_lock const second{file, mode::exclusive};
    EXPECT_FALSE(second.held());
    auto const expected = "process " + std::to_string(first.process()) + ", since 20";
    EXPECT_TRUE(second.holder().starts_with(expected)) << second.holder();
    EXPECT_EQ(second.holder().size(), expected.size() + std::string{"26-11-22 10:15:30"}.size());
}

TEST(registry_lock, goes_with_the_process_however_it_ends) {
    test::folder const folder;
    auto const file = registry_lock_file(folder.registry());
    locking_process first{file, mode::exclusive};
    EXPECT_FALSE((file_lock{file, mode::shared}.held()));
    first.end();
    file_lock const second{file, mode::exclusive};
    EXPECT_TRUE(second.held());
    EXPECT_EQ(second.holder(), "");
}

TEST(registry_lock, is_shared_by_tests_and_kept_from_a_restore) {
    test::folder const folder;
    auto const file = registry_lock_file(folder.registry());
    locking_process first{file, mode::shared};
    locking_process second{file, mode::shared};
    EXPECT_TRUE(first.held());
    EXPECT_TRUE(second.held());
    EXPECT_FALSE((file_lock{file, mode::exclusive}.held()));
    second.end();
    file_lock const wanting{file, mode::exclusive};
    EXPECT_FALSE(wanting.held());
    EXPECT_EQ(wanting.holder(), ""); // the one that is gone has written its name last
}

TEST(registry_lock, says_why_it_cannot_be_taken) {
    test::folder const folder;
    std::filesystem::create_directories(folder.registry());
    auto const refused =
        test::failure_of([&] { file_lock const lock(folder.registry(), mode::shared); });
    EXPECT_EQ(refused.which(), registry_error::kind::unusable);
}

} // namespace
} // namespace secondwind::registry
