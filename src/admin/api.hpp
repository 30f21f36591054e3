// Routes requests below /api/, and the two probes, to their documents and actions.
#pragma once

#include "actions.hpp"
#include "message.hpp"
#include "routes.hpp"
#include "status_documents.hpp"
#include <secondwind/admin/sources.hpp>
#include <secondwind/net/task.hpp>

#include <string>
#include <string_view>

namespace secondwind::admin {

// Knows no socket. Access control comes first (access.hpp).
class api {
public:
    // All must outlive it.
    api(sources& sources, status_documents const& documents, actions& actions)
        : sources_{sources}, documents_{documents}, actions_{actions} {}

    // Never throws, whatever the client sent. A HEAD gets the reply to its GET; the caller leaves
    // out the body.
    net::task<reply> answer(request request);

private:
    net::task<reply> document(destination destination, request request);
    net::task<reply> readiness();
    net::task<reply> all_hosts();
    net::task<reply> explain(std::string query);
    reply configuration() const;
    reply log_lines(std::string_view query) const;
    reply search(std::string_view query) const;
    reply search_requests(std::string_view query) const;
    reply search_history(std::string_view query) const;
    reply route_to(std::string_view query) const;

    sources& sources_;
    status_documents const& documents_;
    actions& actions_;
};

} // namespace secondwind::admin
