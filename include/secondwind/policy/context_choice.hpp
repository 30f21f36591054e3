// With which context a request has its model loaded.
#pragma once

#include <cstdint>

namespace secondwind::policy {

enum class context_choice : std::uint8_t {
    open,  // LM Studio's default; a recovery may try a smaller one
    fixed, // the request is itself a load, with the default or by a handle: no other one is tried
    named  // the request names it: its refusal says nothing of the default
};

} // namespace secondwind::policy
