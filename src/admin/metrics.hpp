// What Prometheus reads at /metrics.
#pragma once

#include <secondwind/admin/subject.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace secondwind::admin {

// Nothing is counted here that is counted elsewhere: numbers are put into families when they are
// asked for. Of recoveries it listens to the ledger, from its construction on; it may go before the
// ledger does.
class metrics {
public:
    // `what` must outlive it.
    explicit metrics(subject& what);
    ~metrics();
    metrics(metrics const&) = delete;
    metrics& operator=(metrics const&) = delete;

    // Prometheus text format, version 0.0.4. Asks no host: of models and states it tells what is
    // known. `event_listeners` is how many are connected to the live events.
    std::string render(std::size_t event_listeners = 0) const;

    // A client's TLS handshake with the admin listener came to nothing.
    void tls_failed() noexcept;

    // A config was read anew, or could not be. Of hosts that are no more there is nothing to tell.
    void reloaded(bool well);

private:
    class tally;
    subject& subject_;
    std::shared_ptr<tally> tally_;
};

} // namespace secondwind::admin
