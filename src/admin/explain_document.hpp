// What a recovery for a model would do now on each host, as JSON.
#pragma once

#include <secondwind/admin/sources.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::admin {

struct explain_question {
    std::string model;               // as a request names it; empty: it names none
    std::optional<std::string> host; // only on this one
};

// Returns an error as a sentence that names the parameter, or an empty string.
std::string read_explain_question(std::string_view query, sources const& from,
                                  explain_question& into);

// /api/explain: by the listings of the hosts, which are to be refreshed before.
std::string explain_document(sources const& from, explain_question const& asked);

} // namespace secondwind::admin
