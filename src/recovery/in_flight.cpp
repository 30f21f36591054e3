#include <secondwind/recovery/in_flight.hpp>

namespace secondwind::recovery {

policy::usage in_flight::snapshot() const {
    policy::usage out;
    for (auto const& each : entries_) {
        if (auto const& name = each.model_.name(); !name.empty())
            out.models.push_back(name);
        else if (each.model_.unnamed())
            out.unknown = true;
    }
    return out;
}

} // namespace secondwind::recovery
