#include <secondwind/recovery/in_flight.hpp>

namespace secondwind::recovery {

lmstudio::model_use in_flight::entry::use() const {
    auto found = lmstudio::find_model(body_);
    // What was not kept may have named any model.
    if (!whole_ && found.what == lmstudio::model_use::kind::none)
        found.what = lmstudio::model_use::kind::unnamed;
    return found;
}

policy::usage in_flight::snapshot() const {
    policy::usage out;
    for (auto const& each : entries_) {
        auto use = each.use();
        if (use.what == lmstudio::model_use::kind::named)
            out.models.push_back(std::move(use.name));
        else if (use.what == lmstudio::model_use::kind::unnamed)
            out.unknown = true;
    }
    return out;
}

} // namespace secondwind::recovery
