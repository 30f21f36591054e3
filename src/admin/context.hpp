// What all connections of the admin listener share.
#pragma once

#include "api.hpp"
#include "event_hub.hpp"
#include "message.hpp"
#include "metrics.hpp"
#include <secondwind/admin/server.hpp>
#include <secondwind/admin/sources.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/failure_rate.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace secondwind::admin {

// Each kind of refusal is logged once until a request is admitted again. Otherwise a client could
// fill the disk by being refused.
class refusal_log {
public:
    // True if this kind was not logged since the last reset. `code` must be static.
    bool is_new(std::string_view code) {
        if (std::find(codes_.begin(), codes_.end(), code) != codes_.end())
            return false;
        codes_.push_back(code);
        return true;
    }
    void reset() noexcept { codes_.clear(); }

private:
    std::vector<std::string_view> codes_;
};

struct context {
    admin::sources& sources;
    admin::timeouts const& timeouts;
    admin::api& api;
    admin::metrics& metrics;
    event_hub& events;
    refusal_log refusals{};
    policy::failure_rate wrong_tokens{};
};

// The reply to a request that was admitted, other than the upgrade of /events. `shared` must
// outlive it.
net::task<reply> answer(context& shared, request request);

} // namespace secondwind::admin
