#include <secondwind/net/systemd.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace secondwind::net::systemd {
namespace systemd_test {

// Sets the variables of a test, and removes them afterwards.
class variables : public testing::Test {
protected:
    ~variables() override {
        for (auto const* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                       "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
            ::unsetenv(name);
    }
    static void set(char const* name, std::string const& value) {
        ::setenv(name, value.c_str(), 1);
    }
    static std::string own_id() { return std::to_string(::getpid()); }
};

// A socket that receives notifications. '@' begins the name of one that is in no directory.
class receiver {
public:
    explicit receiver(std::string_view name) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        name.copy(at.sun_path, name.size());
        if (name.front() == '@')
            at.sun_path[0] = '\0';
        auto const size = offsetof(sockaddr_un, sun_path) + name.size();
        bound_ = ::bind(socket_, reinterpret_cast<sockaddr const*>(&at),
                        static_cast<socklen_t>(size)) == 0;
    }
    receiver(receiver const&) = delete;
    receiver& operator=(receiver const&) = delete;
    ~receiver() { ::close(socket_); }

    bool bound() const { return bound_; }
    std::string next() const {
        std::array<char, 100> bytes;
        auto const n = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        return n < 0 ? "nothing" : std::string{bytes.data(), static_cast<std::size_t>(n)};
    }

private:
    int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool bound_ = false;
};

TEST_F(variables, name_the_socket_that_is_notified) {
    std::string folder = testing::TempDir() + "secondwind_XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    for (auto const& name : {folder + "/notify", "@secondwind_test_" + own_id()}) {
        receiver const manager{name};
        ASSERT_TRUE(manager.bound()) << name;
        set("NOTIFY_SOCKET", name);
        notify("READY=1\nSTATUS=Serving");
        EXPECT_EQ(manager.next(), "READY=1\nSTATUS=Serving") << name;
        EXPECT_EQ(manager.next(), "nothing");
    }
    ::unlink((folder + "/notify").c_str());
    ::rmdir(folder.c_str());
}

TEST_F(variables, ask_this_process_alone_to_report_to_the_watchdog) {
    EXPECT_EQ(watchdog_span(), 0us);
    set("WATCHDOG_USEC", "3000000");
    EXPECT_EQ(watchdog_span(), 3s);
    set("WATCHDOG_PID", own_id());
    EXPECT_EQ(watchdog_span(), 3s);
    set("WATCHDOG_PID", own_id() + "0");
    EXPECT_EQ(watchdog_span(), 0us);
    set("WATCHDOG_PID", own_id());
    set("WATCHDOG_USEC", "3s");
    EXPECT_EQ(watchdog_span(), 0us);
}

TEST_F(variables, that_pass_descriptors_to_another_process_are_removed_and_pass_none) {
    set("LISTEN_PID", own_id() + "0");
    set("LISTEN_FDS", "1");
    set("LISTEN_FDNAMES", "secondwind.socket");
    EXPECT_TRUE(passed_descriptors().empty());
    EXPECT_EQ(std::getenv("LISTEN_PID"), nullptr);
    EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
    EXPECT_EQ(std::getenv("LISTEN_FDNAMES"), nullptr);
}

} // namespace systemd_test
} // namespace secondwind::net::systemd
