// Clients that have no request under way.
#pragma once

#include <boost/intrusive/list.hpp>

#include <chrono>

namespace secondwind::proxy {

class idle_client : public boost::intrusive::list_base_hook<
                        boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    // Ends its connection soon, to make room for another client. False, with nothing done, if a
    // request may be on its way.
    virtual bool give_way(std::chrono::steady_clock::time_point now) = 0;

protected:
    ~idle_client() = default;
};

// The one that has waited longest comes first.
using idle_clients =
    boost::intrusive::list<idle_client, boost::intrusive::constant_time_size<false>>;

} // namespace secondwind::proxy
