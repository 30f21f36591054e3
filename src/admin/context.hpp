// What all connections of the admin listener share.
#pragma once

#include "api.hpp"
#include "events.hpp"
#include "message.hpp"
#include "metrics.hpp"
#include <secondwind/admin/server.hpp>
#include <secondwind/admin/subject.hpp>
#include <secondwind/net/task.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace secondwind::admin {

// Which refusals the log has told. Each kind is told once until somebody is let in again, so that
// nobody can fill a disk by being refused.
class told_refusals {
public:
    // True the first time. `code` must be static.
    bool tell(std::string_view code) {
        if (std::find(codes_.begin(), codes_.end(), code) != codes_.end())
            return false;
        codes_.push_back(code);
        return true;
    }
    void forget() noexcept { codes_.clear(); }

private:
    std::vector<std::string_view> codes_;
};

struct context {
    subject& what;
    bounds const& within;
    api& documents;
    metrics& figures;
    events& live;
    told_refusals refusals{};
};

// The reply to who has been let in; not for the upgrade of /events. `shared` must outlive it.
net::task<reply> answer(context& shared, request asked);

} // namespace secondwind::admin
