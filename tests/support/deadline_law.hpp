// No deadline of a finished phase is armed.
#pragma once

#include "support/run.hpp"

#include <secondwind/proxy/server.hpp>

namespace secondwind::test {

// Lists, after each handler that the event loop runs, the deadlines that the proxy has armed for
// its clients, and fails the test where one is armed that no session or exchange waits under.
class deadline_law final : bystander {
public:
    // The proxy must outlive it.
    explicit deadline_law(proxy::server& proxy) : proxy_{proxy} {}

private:
    void after_handler() override;

    proxy::server& proxy_;
};

} // namespace secondwind::test
