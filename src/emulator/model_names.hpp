// What the documents call a model, over HTTP and in the SDK's WebSocket protocol. Pure.
#pragma once

#include <secondwind/emulator/store.hpp>

#include <string>
#include <string_view>

namespace secondwind::emulator {

inline std::string_view type_name(model_type type) noexcept {
    return type == model_type::llm ? "llm" : "embedding";
}

inline std::string_view publisher(std::string_view key) noexcept {
    auto const slash = key.find('/');
    return slash == std::string_view::npos ? "unknown" : key.substr(0, slash);
}

inline std::string_view last_part(std::string_view key) noexcept {
    auto const slash = key.rfind('/');
    return slash == std::string_view::npos ? key : key.substr(slash + 1);
}

inline std::string format_of(model const& m) {
    return m.profile ? m.profile->format : "gguf";
}

inline std::string quantization_of(model const& m) {
    return m.profile ? m.profile->quantization : "Q4_K_M";
}

} // namespace secondwind::emulator
