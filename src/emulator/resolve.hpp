// Which instance serves a request that names a model, or names none. Pure.
#pragma once

#include <secondwind/emulator/store.hpp>

#include <cstdint>
#include <string_view>

namespace secondwind::emulator {

struct resolution {
    enum class kind : std::uint8_t {
        ready,   // `at` serves it
        loading, // `at` will, once its load is over
        load,    // `wanted` has to be loaded first
        none,    // "No models loaded."
        several  // "Multiple models are loaded."
    };
    kind what = kind::none;
    instance const* at = nullptr;
    model const* wanted = nullptr;
};

// An instance id or a model key of the right type is taken as it is. Anything else is served, as by
// LM Studio, by the one model of that type that is loaded, whatever it is called, if there is one;
// an embedding never is. With `jit` off a model that isn't loaded is as good as unknown.
resolution resolve(store const& models, std::string_view name, model_type type, bool jit);

} // namespace secondwind::emulator
