#include "resolve.hpp"

namespace secondwind::emulator {

namespace {

resolution serve_by(instance const& i) {
    auto const what =
        i.state == instance_state::loaded ? resolution::kind::ready : resolution::kind::loading;
    return {what, &i, nullptr};
}

// The id may be one of a second instance, while the first has gone: the key still finds it.
instance const* find_named(store const& models, std::string_view name, model_type type) {
    if (auto const* exact = models.find_instance(name); exact != nullptr && exact->type == type)
        return exact;
    instance const* found = nullptr;
    for (auto const* i : models.instances_of(name)) {
        if (i->type != type)
            continue;
        if (i->state == instance_state::loaded)
            return i;
        found = i;
    }
    return found;
}

} // namespace

resolution resolve(store const& models, std::string_view name, model_type type, bool jit) {
    if (auto const* named = find_named(models, name, type); named != nullptr)
        return serve_by(*named);
    auto const* known = models.find_model(name);
    if (jit && known != nullptr && known->type == type)
        return {resolution::kind::load, nullptr, known};

    if (type == model_type::embedding)
        return {};
    instance const* only = nullptr;
    for (auto const& i : models.instances()) {
        if (i.type != type || i.state != instance_state::loaded)
            continue;
        if (only != nullptr)
            return {resolution::kind::several, nullptr, nullptr};
        only = &i;
    }
    return only == nullptr ? resolution{} : serve_by(*only);
}

} // namespace secondwind::emulator
