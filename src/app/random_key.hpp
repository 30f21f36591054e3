// A new secret.
#pragma once

#include <string>

namespace secondwind::app {

// "sw-" and 32 random bytes in base64url. Throws std::runtime_error if the system has no random
// numbers.
std::string random_key();

} // namespace secondwind::app
