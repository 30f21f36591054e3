#include <secondwind/host/failure.hpp>

#include <gtest/gtest.h>

namespace secondwind::host {
namespace failure_test {

TEST(failure, of_a_handshake_is_described_by_its_reason_or_else_by_the_systems_error) {
    failure failed;
    failed.kind = fault::tls;
    failed.cause = boost::system::errc::make_error_code(boost::system::errc::timed_out);
    EXPECT_EQ(describe(failed), "the TLS handshake failed: " + failed.cause.message());
    failed.detail = "hostname mismatch";
    EXPECT_EQ(describe(failed), "the TLS handshake failed: hostname mismatch");
}

} // namespace failure_test
} // namespace secondwind::host
