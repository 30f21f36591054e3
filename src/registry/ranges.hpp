// The ranges of all that is written, checked before the database does so itself: its own refusal
// names a constraint, and these name the value. Pure.
#pragma once

#include <secondwind/registry/records.hpp>

#include <string>

namespace secondwind::registry {

// Each throws registry_error (`invalid`) for the first value that is out of its range.
void check(host const& checked);
void check(model const& checked);
void check(run const& checked);
void check(probe const& checked);
void check(result const& checked);
void check(restore const& checked);

// A JSON object in the one form by which two are compared: no spaces, members in the order of their
// names. Throws registry_error (`invalid`) if it is none.
std::string canonical(std::string const& object);

} // namespace secondwind::registry
