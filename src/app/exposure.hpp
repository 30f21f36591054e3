// Tells the operator who can reach the listeners for clients.
#pragma once

#include <secondwind/config/config.hpp>

namespace secondwind::app {

// Logs a warning where other machines reach one that asks nobody for a key, else nothing.
void tell_exposure(config::settings const& settings);

} // namespace secondwind::app
