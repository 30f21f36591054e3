#include <secondwind/emulator/store.hpp>

#include <spdlog/fmt/fmt.h>

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

std::optional<instance> store::begin_load(model const& m, load_reason reason,
                                          std::string const& id) {
    if (!fits(m))
        return std::nullopt;
    instance added;
    added.id = free_id(id.empty() ? m.key : id);
    added.key = m.key;
    added.type = m.type;
    added.serial = next_serial_++;
    added.size_bytes = m.size_bytes;
    added.reason = reason;
    instances_.push_back(added);
    return added;
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
    auto const erased = std::erase_if(instances_, [&](instance const& i) {
        return i.id == id && i.state == instance_state::loaded;
    });
    return erased != 0;
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

std::string refusal_cause(refusal_form form, std::uint64_t size_bytes) {
    switch (form) {
    case refusal_form::with_figure:
        return fmt::format(
            "Model loading was stopped due to insufficient system resources. Under the current "
            "settings, this model requires approximately {:.2f} GB of memory, and continuing to "
            "load it would likely overload your system and cause it to freeze. If you think this "
            "is incorrect, you can adjust the model loading guardrails in settings.",
            static_cast<double>(size_bytes) / 1e9);
    case refusal_form::plain:
        return "Model loading was stopped due to insufficient system resources. Continuing to load "
               "the model would likely overload your system and cause it to freeze. If you think "
               "this is incorrect, you can adjust the model loading guardrails in settings.";
    case refusal_form::old_wording:
        return "Model loading aborted due to insufficient system resources. Overloading the system "
               "will likely cause it to freeze. If you believe this is a mistake, you can try to "
               "change the model loading guardrails in the settings.";
    case refusal_form::generic:
        break;
    }
    return "Failed to load model.";
}

} // namespace secondwind::emulator
