// LM Studio's own calls for listing and unloading models.
#pragma once

#include <secondwind/config/config.hpp>
#include <secondwind/lmstudio/codec.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/upstream/call.hpp>

#include <optional>
#include <string>
#include <vector>

namespace secondwind::lmstudio {

// REST v1 (LM Studio 0.4.0 and later) of one host, over its pool. `authorization` is the value of
// the Authorization field to send, or empty.
class control {
public:
    control(upstream::environment env, upstream::pool& pool, config::recovery const& settings)
        : env_{env}, pool_{pool}, settings_{settings} {}

    struct listing {
        std::optional<policy::inventory> instances; // nothing: see `why_not`
        std::vector<std::string> unloaded;          // keys of the models without an instance
        std::string why_not;                        // one clause for the log
    };
    // GET /api/v1/models, within recovery.list_timeout.
    net::task<listing> list(std::string authorization);

    struct unloading {
        unload_result result = unload_result::refused;
        std::string why_not; // one clause for the log, when refused
    };
    // POST /api/v1/models/unload, within recovery.unload_timeout.
    net::task<unloading> unload(std::string instance_id, std::string authorization);

private:
    upstream::environment env_;
    upstream::pool& pool_;
    config::recovery const& settings_;
};

} // namespace secondwind::lmstudio
