#include <secondwind/host/instance_changes.hpp>

#include <algorithm>

namespace secondwind::host {

namespace {

bool has(lmstudio::inventory const& all, std::string const& id) {
    return std::ranges::find(all, id, &lmstudio::instance::id) != all.end();
}

} // namespace

instance_changes::counts* instance_changes::find(std::string const& model) {
    if (by_model_.size() >= most_models && !by_model_.contains(model))
        return nullptr;
    return &by_model_[model];
}

void instance_changes::note(lmstudio::inventory const& before, lmstudio::inventory const& after) {
    for (auto const& each : after)
        if (!has(before, each.id))
            if (auto* const of = find(each.model))
                ++of->loads;
    for (auto const& each : before)
        if (!has(after, each.id))
            if (auto* const of = find(each.model))
                ++of->unloads;
}

} // namespace secondwind::host
