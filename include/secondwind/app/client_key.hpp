// Makes the keys that clients show.
#pragma once

#include <iosfwd>
#include <string>

namespace secondwind::app {

// Prints a new key, which is kept nowhere, and what the configuration holds of it. Returns the
// process's exit code. `name` is one that the configuration takes.
int make_client_key(std::string const& name, bool json);

// Prints the hash of the key in the first line of `from`. Returns the process's exit code: 2 for a
// key that no client could send or that could be guessed.
int hash_client_key(std::istream& from);

} // namespace secondwind::app
