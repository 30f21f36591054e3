// Which host a request for a model would go to, and what it would cost on each, as JSON.
#pragma once

#include <secondwind/admin/sources.hpp>

#include <string>
#include <string_view>

namespace secondwind::admin {

struct route_question {
    std::string model; // as a request names it; empty: it names none
    std::string path = "/v1/chat/completions";
};

// Returns an error as a sentence that names the parameter, or an empty string.
std::string read_route_question(std::string_view query, route_question& into);

// /api/route: by what is known now. It asks no host, and no host is used by it. The choice and the
// prices are those of recovery::router; a request that continues a conversation may get another,
// because that adds what the others would have to read again.
std::string route_document(sources const& sources, route_question const& asked);

} // namespace secondwind::admin
