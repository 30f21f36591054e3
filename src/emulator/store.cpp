#include <secondwind/emulator/store.hpp>

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace secondwind::emulator {

namespace {

std::string lower_case(std::string_view text) {
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower;
}

std::string_view without_publisher(std::string_view name) {
    auto const slash = name.rfind('/');
    return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string_view without_quantization(std::string_view name) {
    return name.substr(0, name.find('@'));
}

constexpr std::int64_t just_in_time_ttl_ms = 3'600'000; // LM Studio's default "max idle TTL"

// Of contexts that the host fits.
constexpr std::uint64_t context_step = 256;

// From the strictest to the loosest.
constexpr int spellings = 4;

std::string spelled(std::string_view name, int looseness) {
    if (looseness >= 2)
        name = without_publisher(name);
    if (looseness >= 3)
        name = without_quantization(name);
    return looseness >= 1 ? lower_case(name) : std::string{name};
}

bool is_spelled_so(model const& m, std::string const& name, int looseness) {
    auto matches = [&](std::string_view one) { return spelled(one, looseness) == name; };
    return matches(m.key) || std::ranges::any_of(m.variants, matches);
}

} // namespace

store::store(std::uint64_t memory_bytes, std::vector<model> models)
    : memory_{memory_bytes}, models_{std::move(models)} {}

std::uint64_t store::used_bytes() const noexcept {
    std::uint64_t used = occupied_;
    for (auto const& i : instances_)
        if (i.device.empty())
            used += i.size_bytes + i.cache_bytes;
    for (auto const& [serial, bytes] : leaving_)
        used += bytes;
    return used;
}

model const* store::find_model(std::string_view key) const noexcept {
    auto const at = std::ranges::find(models_, key, &model::key);
    return at == models_.end() ? nullptr : &*at;
}

model const* store::find_meant(std::string_view name) const {
    for (int looseness = 0; looseness < spellings; ++looseness) {
        auto const wanted = spelled(name, looseness);
        auto matches = [&](model const& m) { return is_spelled_so(m, wanted, looseness); };
        auto const at = std::ranges::find_if(models_, matches);
        if (at != models_.end() && std::ranges::count_if(models_, matches) == 1)
            return &*at;
    }
    return nullptr;
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

std::optional<std::int64_t> time_to_live(instance const& i) noexcept {
    if (i.ttl_ms || i.reason == load_reason::by_hand)
        return i.ttl_ms;
    return just_in_time_ttl_ms;
}

std::uint64_t load_bytes(model const& m, std::uint64_t context) noexcept {
    if (!m.profile || m.profile->cache == cache_growth::with_prompt)
        return m.size_bytes;
    return m.size_bytes + m.profile->kv_bytes_per_token * context;
}

std::uint64_t estimated_bytes(model const& m, std::uint64_t context) noexcept {
    if (!m.profile)
        return m.size_bytes;
    auto const all = m.size_bytes + m.profile->kv_bytes_per_token * context;
    return static_cast<std::uint64_t>(m.profile->estimate_factor * static_cast<double>(all));
}

// Of a host that fits contexts by itself; zero if not even the model fits.
std::uint64_t store::fitting_context(model const& m) const noexcept {
    auto const kv = m.profile->kv_bytes_per_token;
    auto const used = used_bytes();
    if (used >= memory_)
        return 0;
    auto const factor = std::max(m.profile->estimate_factor, 1.0);
    auto const free = static_cast<std::uint64_t>(static_cast<double>(memory_ - used) / factor);
    if (free <= m.size_bytes)
        return 0;
    auto const most = kv == 0 ? m.max_context_length : (free - m.size_bytes) / kv;
    return std::min<std::uint64_t>(most / context_step * context_step, m.max_context_length);
}

std::uint64_t store::context_of(model const& m, load_choice const& choice) const noexcept {
    if (!m.profile)
        return choice.context_length.value_or(usual_context);
    auto const usual = std::min<std::uint64_t>(m.profile->default_context, m.max_context_length);
    auto const asked = choice.context_length.value_or(usual);
    auto const fit = m.profile->faults.fit;
    auto const fitting = fit == context_fit::none ? 0 : fitting_context(m);
    if (fitting == 0)
        return asked;
    return fit == context_fit::up ? fitting : std::min(asked, fitting);
}

std::optional<instance> store::begin_load(model const& m, load_choice const& choice) {
    auto const context = context_of(m, choice);
    auto const bytes = load_bytes(m, context);
    if (choice.device.empty() && !choice.hangs && !has_room(bytes))
        return std::nullopt;
    instance added;
    added.id = free_id(choice.identifier.empty() ? m.key : choice.identifier);
    added.key = m.key;
    added.type = m.type;
    added.serial = next_serial_++;
    added.size_bytes = bytes;
    added.reason = choice.reason;
    added.device = choice.device;
    added.hangs = choice.hangs;
    added.context_length = context;
    added.echoed_context = context;
    added.ttl_ms = choice.ttl_ms;
    added.flash_attention = choice.flash_attention.value_or(true);
    added.kv_cache_on_gpu = choice.kv_cache_on_gpu.value_or(true);
    added.load_config = choice.load_config;
    if (m.profile) {
        auto const& faults = m.profile->faults;
        if (faults.echoes_asked)
            added.echoed_context = choice.context_length.value_or(context);
        auto const& bad = faults.corrupt_at;
        added.corrupt = faults.corrupt || std::ranges::find(bad, context) != bad.end();
    }
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

bool store::grow_cache(std::uint64_t serial, std::uint64_t tokens) noexcept {
    auto const at = std::ranges::find(instances_, serial, &instance::serial);
    auto const* m = at == instances_.end() ? nullptr : find_model(at->key);
    if (m == nullptr || !m->profile || m->profile->cache != cache_growth::with_prompt)
        return true;
    auto const bytes = m->profile->kv_bytes_per_token * tokens;
    if (bytes <= at->cache_bytes)
        return true;
    if (at->device.empty() && !has_room(bytes - at->cache_bytes))
        return false;
    at->cache_bytes = bytes;
    return true;
}

void store::cancel_load(std::uint64_t serial) noexcept {
    std::erase_if(instances_, [&](instance const& i) {
        return i.serial == serial && i.state == instance_state::loading;
    });
}

bool store::unload(std::string_view id, memory_return when) {
    auto const at = std::ranges::find(instances_, id, &instance::id);
    if (at == instances_.end() || at->state != instance_state::loaded)
        return false;
    if (when == memory_return::later && at->device.empty())
        leaving_[at->serial] = at->size_bytes + at->cache_bytes;
    instances_.erase(at);
    return true;
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

void store::clear() noexcept {
    instances_.clear();
    leaving_.clear();
    occupied_ = 0;
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
    case refusal_form::engine:
        return fmt::format("ggml_backend_cuda_buffer_type_alloc_buffer: allocating {:.2f} MiB on "
                           "device 0: cudaMalloc failed: out of memory",
                           static_cast<double>(size_bytes) / (1024.0 * 1024.0));
    case refusal_form::generic:
        break;
    }
    return "Failed to load model.";
}

} // namespace secondwind::emulator
