#include <secondwind/recovery/host_models.hpp>

#include <secondwind/policy/plan.hpp>
#include <secondwind/policy/price.hpp>

#include <algorithm>
#include <utility>

namespace secondwind::recovery {

namespace {

constexpr std::size_t longest_prefix = 256;
constexpr std::size_t most_names = 256; // they come from requests
// A listing may be this old when it arrives, and lacks what was loaded since.
constexpr std::chrono::seconds longest_on_its_way{2};

bool same_names(lmstudio::models const& a, lmstudio::inventory const& loaded,
                std::vector<lmstudio::model_on_disk> const& unloaded) {
    auto const by_id = [](auto const& x, auto const& y) {
        return x.id == y.id && x.model == y.model && x.kind == y.kind && x.parallel == y.parallel;
    };
    return std::ranges::equal(a.loaded, loaded, by_id) && a.unloaded == unloaded;
}

} // namespace

void host_models::listed(lmstudio::inventory loaded, std::vector<lmstudio::model_on_disk> unloaded,
                         time_point now) {
    asked_ = now;
    if (!known() || !same_names(models_, loaded, unloaded))
        ++generation_;
    known_ = true;
    for (auto& each : loaded) {
        auto const known = uses_.find(each.id);
        each.jit = each.jit || (known != uses_.end() && known->second.loaded);
    }
    models_ = {std::move(loaded), std::move(unloaded)};
    lists_all_ = lists_all_ || !models_.unloaded.empty();
    std::erase_if(uses_, [this, now](auto const& each) {
        return !just_loaded(each.second, now) &&
               std::ranges::find(models_.loaded, each.first, &lmstudio::instance::id) ==
                   models_.loaded.end();
    });
    forget_answers_of_unloaded(now);
}

// They came before somebody else unloaded the model.
void host_models::forget_answers_of_unloaded(time_point now) {
    std::erase_if(answered_, [this, now](auto const& each) {
        auto const meant = lmstudio::find_model(each.first, models_);
        return now - each.second >= longest_on_its_way && meant.match == lmstudio::match::found &&
               is_unloaded(meant.key);
    });
    if (!answered_.contains(prefix_name_))
        prefix_.clear();
}

void host_models::forget() {
    auto const generation = generation_ + 1;
    *this = {};
    generation_ = generation;
}

bool host_models::just_loaded(use const& u, time_point now) noexcept {
    return u.loaded && now - *u.loaded < longest_on_its_way;
}

std::uint64_t host_models::bytes_loaded() const noexcept {
    std::uint64_t sum = 0;
    for (auto const& each : models_.loaded)
        sum += each.device.empty() ? each.size_bytes : 0;
    return sum;
}

std::vector<std::string> host_models::keys() const {
    std::vector<std::string> keys;
    for (auto const& each : models_.unloaded)
        keys.push_back(each.key);
    for (auto const& each : models_.loaded)
        if (std::ranges::find(keys, each.model) == keys.end())
            keys.push_back(each.model);
    return keys;
}

std::shared_ptr<known_model const> host_models::know(lmstudio::resolved_model resolved) const {
    known_model known{std::move(resolved)};
    auto const& loaded = models_.loaded;
    if (auto const* const serves = policy::serving(known, loaded))
        known.instance = static_cast<std::size_t>(serves - loaded.data());
    for (auto const& each : loaded)
        if (each.model == known.key)
            known.slots += each.parallel == 0 ? policy::usual_slots : each.parallel;
    return std::make_shared<known_model const>(std::move(known));
}

std::shared_ptr<known_model const> host_models::find(std::string_view name,
                                                     lmstudio::model_kind kind) const {
    if (found_in_ != generation_ || found_.size() == most_names) {
        found_.clear();
        served_ = {};
    }
    found_in_ = generation_;
    if (name.empty()) {
        auto& served = served_[static_cast<std::size_t>(kind)];
        if (!served)
            served = know(lmstudio::resolve(name, models_, kind));
        return served;
    }
    auto at = found_.find(name);
    if (at == found_.end())
        at = found_.emplace(name, know(lmstudio::find_model(name, models_))).first;
    return at->second;
}

void host_models::look_up(claim& of) const {
    of.generation = generation_;
    auto const& name = name_in(of.model());
    of.resolved = find(name, of.kind());
    if (of.load_refused && name.empty())
        of.resolved = know({});
    // LM Studio serves a name that says nothing to it as it serves none.
    else if (of.resolved->match == lmstudio::match::unknown && !of.load_refused)
        of.resolved = find({}, of.kind());
}

std::string const& host_models::name_in(lmstudio::requested_model const& model) const {
    bool const alike = !prefix_.empty() && model.begins_with(prefix_);
    return alike ? prefix_name_ : model.name();
}

lmstudio::instance const* host_models::serving(claim& of) const {
    auto const at = resolve(of).instance;
    return at ? &models_.loaded[*at] : nullptr;
}

std::uint64_t host_models::size_of(std::string_view key) const noexcept {
    auto const on_disk = std::ranges::find(models_.unloaded, key, &lmstudio::model_on_disk::key);
    if (on_disk != models_.unloaded.end())
        return on_disk->size_bytes;
    auto const loaded = std::ranges::find(models_.loaded, key, &lmstudio::instance::model);
    return loaded == models_.loaded.end() ? 0 : loaded->size_bytes;
}

bool host_models::is_unloaded(std::string_view key) const noexcept {
    return std::ranges::find(models_.unloaded, key, &lmstudio::model_on_disk::key) !=
           models_.unloaded.end();
}

void host_models::note_answer(lmstudio::requested_model const& model, time_point now) {
    note_name(name_in(model), now); // first: the prefix is known once the body has been read
    if (!model.is_read())
        prefix_seen_ = now;
    else if (auto const prefix = model.prefix(); prefix.size() <= longest_prefix) {
        prefix_ = prefix;
        prefix_name_ = model.name();
        prefix_seen_ = now;
    }
}

void host_models::note_name(std::string const& name, time_point now) {
    if (auto const known_name = answered_.find(name); known_name != answered_.end()) {
        known_name->second = now;
    } else if (!name.empty()) {
        if (answered_.size() == most_names)
            answered_.clear();
        answered_.emplace(name, now);
    }
}

void host_models::answered(claim& by, time_point now) {
    if (!known())
        return note_answer(by.model(), now);
    note_name(by.model().name(), now);
    if (resolve(by).match != lmstudio::match::found)
        return;
    bool const news = serving(by) == nullptr && move_to_loaded(resolve(by).key);
    auto const* const serves = serving(by);
    if (serves == nullptr)
        return;
    auto& used = uses_[serves->id];
    auto const& wanted = resolve(by);
    used.named = used.named || (!wanted.instance_id.empty() && wanted.instance_id != wanted.key);
    // A listing may have shown it before its first output came.
    bool const loaded_it = by.load_began && (!used.loaded || *used.loaded < *by.load_began);
    if (loaded_it || (news && !just_loaded(used, now))) {
        used.loaded = now;
        used.load = by.load_began ? now - *by.load_began : duration{};
        std::ranges::find(models_.loaded, serves->id, &lmstudio::instance::id)->jit = true;
    }
}

bool host_models::move_to_loaded(std::string_view key) {
    auto const listed = std::ranges::find(models_.unloaded, key, &lmstudio::model_on_disk::key);
    if (listed == models_.unloaded.end())
        return false;
    lmstudio::instance loaded;
    loaded.id = listed->key;
    loaded.model = listed->key;
    loaded.size_bytes = listed->size_bytes;
    loaded.kind = listed->kind;
    loaded.variants = listed->variants;
    models_.loaded.push_back(std::move(loaded));
    models_.unloaded.erase(listed);
    ++generation_;
    return true;
}

bool host_models::answered_within(duration span, std::string_view name,
                                  time_point now) const noexcept {
    auto const found = answered_.find(name);
    return found != answered_.end() && now - found->second < std::min<duration>(span, lately);
}

void host_models::load_refused(claim& by) {
    if (!loaded_since(by))
        not_found(by);
}

bool host_models::loaded_since(claim& by) const {
    auto const* const serves = known() ? serving(by) : nullptr;
    auto const known_use = serves != nullptr ? uses_.find(serves->id) : uses_.end();
    return known_use != uses_.end() && known_use->second.loaded && by.load_began &&
           *by.load_began <= *known_use->second.loaded &&
           resolve(by).match == lmstudio::match::found;
}

void host_models::not_found(claim& by) {
    auto const known_name = answered_.find(by.model().name());
    if (known_name != answered_.end() && !(by.use_began && *by.use_began <= known_name->second)) {
        answered_.erase(known_name);
        prefix_.clear();
    }
    // Nothing else that is loaded serves it, whatever its name would mean beside that.
    by.load_refused = true;
    by.generation = 0;
    while (auto const* const serves = known() && !loaded_since(by) ? serving(by) : nullptr)
        unloaded(std::string{serves->id});
}

void host_models::ended(claim& of, time_point now) {
    if (!known())
        return;
    if (auto const* const served = serving(of))
        uses_[served->id].idle_since = now;
    // LM Studio may have served a name that is not known with any of them.
    else if (resolve(of).match != lmstudio::match::found)
        for (auto& each : uses_)
            each.second.idle_since = now;
}

void host_models::unloaded(std::string_view instance_id) {
    answered_.clear();
    prefix_.clear();
    auto const found = std::ranges::find(models_.loaded, instance_id, &lmstudio::instance::id);
    if (found == models_.loaded.end())
        return;
    auto gone = std::move(*found);
    models_.loaded.erase(found);
    ++generation_;
    if (std::ranges::find(models_.loaded, gone.model, &lmstudio::instance::model) ==
        models_.loaded.end())
        models_.unloaded.push_back(
            {std::move(gone.model), gone.size_bytes, gone.kind, std::move(gone.variants)});
}

host_models::use const* host_models::use_of(std::string_view instance_id) const noexcept {
    auto const found = uses_.find(instance_id);
    return found == uses_.end() ? nullptr : &found->second;
}

} // namespace secondwind::recovery
