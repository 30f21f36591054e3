// GET /metrics: what Prometheus reads.
#pragma once

#include <secondwind/admin/sources.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace secondwind::admin {

// Counts only what nothing else counts: recoveries (by observing the ledger from its construction
// on), reloads and failed TLS handshakes. It may be destroyed before the ledger.
class metrics {
public:
    // `sources` must outlive it.
    explicit metrics(sources& sources);
    ~metrics();
    metrics(metrics const&) = delete;
    metrics& operator=(metrics const&) = delete;

    // Prometheus text format, version 0.0.4. Sends no request to a host: it shows the models and
    // states that are known. `event_subscribers` is the number of clients of the live events.
    std::string render(std::size_t event_subscribers = 0) const;

    // A TLS handshake of a client of the admin listener has failed.
    void count_tls_failure() noexcept;

    // The configuration was reloaded, or a reload has failed. Counts of removed hosts are dropped.
    void count_reload(bool succeeded);

private:
    class tally;
    sources& sources_;
    std::shared_ptr<tally> tally_;
};

} // namespace secondwind::admin
