// `secondwind emulate`: an emulated LM Studio alone, as a file describes it.
#pragma once

#include <secondwind/config/config.hpp>

#include <string>
#include <string_view>

namespace secondwind::demo {

// A machine with five models that shows each kind of fault: config/examples/machine.json.
std::string_view example_machine();

// Serves the machine of the file's `text` at an address, of which port 0 is any free one. Prints
// one line with the address when it listens, and returns 0 after SIGINT or SIGTERM. `file` names
// the file in errors. Throws config::config_error with all faults of the file, and
// std::runtime_error if it cannot listen.
int emulate(std::string_view text, std::string const& file, config::endpoint const& address);

} // namespace secondwind::demo
