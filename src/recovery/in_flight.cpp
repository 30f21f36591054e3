#include <secondwind/recovery/in_flight.hpp>

namespace secondwind::recovery {

policy::usage in_flight::snapshot() const {
    policy::usage out;
    for (auto const& each : entries_) {
        auto use = each.use_ ? *each.use_ : lmstudio::find_model(each.body_);
        if (use.what == lmstudio::model_use::kind::named)
            out.models.push_back(std::move(use.name));
        else if (use.what == lmstudio::model_use::kind::unnamed)
            out.unknown = true;
    }
    return out;
}

} // namespace secondwind::recovery
