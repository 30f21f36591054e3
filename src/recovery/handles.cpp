#include <secondwind/recovery/handles.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

namespace {

// Of one instance. Only those that clients were told count.
constexpr std::size_t most_earlier = 32;

} // namespace

bool handles::taken::knows(std::string_view reference) const noexcept {
    return !reference.empty() &&
           (reference == as.reference || std::ranges::find(earlier, reference) != earlier.end());
}

void handles::learn(lmstudio::listed_instance const& loaded, bool to_client) {
    auto const& reference = loaded.reference;
    if (!reference.empty()) {
        if (identifiers_.size() == most_references)
            identifiers_.clear();
        identifiers_.insert_or_assign(reference, loaded.instance.id);
    }
    auto const one = std::ranges::find_if(taken_, [&loaded](taken const& each) {
        return each.as.id == loaded.instance.id && each.as.model == loaded.instance.model;
    });
    if (one == taken_.end())
        return;
    if (reference != one->as.reference) {
        auto before = std::exchange(one->as.reference, reference);
        if (one->told && !before.empty())
            one->earlier.push_back(std::move(before));
        if (one->earlier.size() > most_earlier)
            one->earlier.erase(one->earlier.begin());
        one->told = false;
        one->back = 0;
    }
    one->told = one->told || to_client;
    if (one->back == 0)
        one->back = ++changes_;
}

void handles::take(lmstudio::load_description as, time_point now) {
    taken fresh{std::move(as), {}, now};
    auto const before = std::ranges::find_if(
        taken_, [&fresh](taken const& each) { return each.as.id == fresh.as.id; });
    if (before != taken_.end()) {
        if (before->as.model == fresh.as.model) {
            fresh.earlier = std::move(before->earlier);
            if (before->as.reference == fresh.as.reference)
                fresh.told = before->told;
            else if (before->told && !before->as.reference.empty())
                fresh.earlier.push_back(std::move(before->as.reference));
        }
        taken_.erase(before);
    }
    taken_.push_back(std::move(fresh));
    if (taken_.size() > most_taken)
        taken_.pop_front();
}

void handles::forget(std::string_view identifier) {
    taken_.remove_if([identifier](taken const& each) { return each.as.id == identifier; });
}

std::string_view handles::identifier_of(std::string_view reference) const {
    auto const one = std::ranges::find_if(
        taken_, [reference](taken const& each) { return each.knows(reference); });
    if (one != taken_.end())
        return one->as.id;
    auto const known = identifiers_.find(reference);
    return known == identifiers_.end() ? std::string_view{} : std::string_view{known->second};
}

std::string_view handles::successor_of(std::string_view reference) const noexcept {
    auto const one = std::ranges::find_if(
        taken_, [reference](taken const& each) { return each.knows(reference); });
    bool const other = one != taken_.end() && one->back != 0 && one->as.reference != reference;
    return other ? std::string_view{one->as.reference} : std::string_view{};
}

bool handles::has_successors() const noexcept {
    return std::ranges::any_of(
        taken_, [](taken const& each) { return each.back != 0 && !each.earlier.empty(); });
}

handles::place handles::find(lmstudio::sdk_model const& handle, time_point now) {
    auto const one = std::ranges::find_if(taken_, [&handle](taken const& each) {
        return handle.reference.empty() ? each.as.id == handle.name : each.knows(handle.reference);
    });
    bool const over = one != taken_.end() && one->back == 0 && one->as.ttl_ms &&
                      now - one->since > std::chrono::milliseconds{*one->as.ttl_ms};
    if (!over)
        return one;
    taken_.erase(one);
    return taken_.end();
}

std::optional<lmstudio::load_description> handles::needed_by(lmstudio::sdk_model const& handle,
                                                             time_point now) {
    auto const one = find(handle, now);
    return one != taken_.end() && one->back == 0 ? std::optional{one->as} : std::nullopt;
}

bool handles::revives(lmstudio::sdk_model const& handle, std::uint64_t then, time_point now) {
    auto const one = find(handle, now);
    if (one == taken_.end())
        return false;
    if (one->back == 0 || one->back > then)
        return true;
    taken_.erase(one);
    return false;
}

} // namespace secondwind::recovery
