// Writes a small file anew.
#pragma once

#include <string>

namespace secondwind::app {

// Killed anywhere, the file is the old one or the new one. Returns why it failed, or nothing.
std::string replace_file(std::string const& name, std::string const& content);

} // namespace secondwind::app
