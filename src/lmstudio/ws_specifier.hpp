// How a call over the SDK's WebSocket names an instance. Pure.
#pragma once

#include "json_members.hpp"

#include <string_view>

namespace secondwind::lmstudio {

// By its reference, which no later instance has, or by its identifier if there is none.
inline json specifier_of(std::string_view identifier, std::string_view reference) {
    if (reference.empty())
        return {{"type", "query"}, {"query", {{"identifier", identifier}}}};
    return {{"type", "instanceReference"}, {"instanceReference", reference}};
}

} // namespace secondwind::lmstudio
