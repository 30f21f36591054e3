#include <secondwind/emulator/store.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::emulator {

store::store(std::uint64_t memory_bytes, std::vector<model> models)
    : memory_{memory_bytes}, models_{std::move(models)} {}

std::uint64_t store::used_bytes() const noexcept {
    std::uint64_t used = 0;
    for (auto const& i : instances_)
        used += i.size_bytes;
    return used;
}

model const* store::find_model(std::string_view key) const noexcept {
    auto const at = std::ranges::find(models_, key, &model::key);
    return at == models_.end() ? nullptr : &*at;
}

instance const* store::find_instance(std::string_view id) const noexcept {
    auto const at = std::ranges::find(instances_, id, &instance::id);
    return at == instances_.end() ? nullptr : &*at;
}

instance const* store::find_serial(std::uint64_t serial) const noexcept {
    auto const at = std::ranges::find(instances_, serial, &instance::serial);
    return at == instances_.end() ? nullptr : &*at;
}

std::vector<instance const*> store::instances_of(std::string_view key) const {
    std::vector<instance const*> found;
    for (auto const& i : instances_)
        if (i.key == key)
            found.push_back(&i);
    return found;
}

bool store::is_loaded(std::string_view key) const noexcept {
    return std::ranges::any_of(instances_, [&](instance const& i) {
        return i.key == key && i.state == instance_state::loaded;
    });
}

std::string store::free_id(std::string const& key) const {
    auto id = key;
    for (int n = 2; find_instance(id) != nullptr; ++n)
        id = key + ":" + std::to_string(n);
    return id;
}

std::optional<instance> store::begin_load(model const& m, load_reason why, std::string const& id) {
    if (!fits(m))
        return std::nullopt;
    instance fresh;
    fresh.id = free_id(id.empty() ? m.key : id);
    fresh.key = m.key;
    fresh.type = m.type;
    fresh.serial = next_serial_++;
    fresh.size_bytes = m.size_bytes;
    fresh.reason = why;
    instances_.push_back(fresh);
    return fresh;
}

bool store::finish_load(std::uint64_t serial) noexcept {
    auto const at = std::ranges::find(instances_, serial, &instance::serial);
    if (at == instances_.end())
        return false;
    at->state = instance_state::loaded;
    return true;
}

void store::cancel_load(std::uint64_t serial) noexcept {
    std::erase_if(instances_, [&](instance const& i) {
        return i.serial == serial && i.state == instance_state::loading;
    });
}

bool store::unload(std::string_view id) {
    auto const gone = std::erase_if(instances_, [&](instance const& i) {
        return i.id == id && i.state == instance_state::loaded;
    });
    return gone != 0;
}

std::vector<std::string> store::evict_just_in_time() {
    std::vector<std::string> ids;
    for (auto const& i : instances_)
        if (i.state == instance_state::loaded && i.reason == load_reason::just_in_time)
            ids.push_back(i.id);
    for (auto const& id : ids)
        unload(id);
    return ids;
}

std::size_t store::corrupt(std::string_view key) noexcept {
    std::size_t count = 0;
    for (auto& i : instances_) {
        if (i.key == key && i.state == instance_state::loaded) {
            i.corrupt = true;
            ++count;
        }
    }
    return count;
}

} // namespace secondwind::emulator
