// Gives a running secondwind what the lab has measured.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>

namespace secondwind::app {

struct publication {
    bool reached = false; // a secondwind listens at admin.listen, and has this host
    std::string error{};  // what failed, why, and what to do; empty: it has taken the results
};

// Asks the admin listener of these settings for its hosts, and sends it the document for the one
// whose URL is `host_url`. Blocks for at most 5 seconds for each of the two requests.
publication publish_results(config::settings const& settings, std::string const& host_url,
                            std::string const& document);

} // namespace secondwind::app
