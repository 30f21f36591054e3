// Unloads what a plan says.
#pragma once

#include <secondwind/net/task.hpp>
#include <secondwind/recovery/control.hpp>
#include <secondwind/recovery/record.hpp>

#include <string>

namespace secondwind::recovery {

class host_recovery;

// Unloads the victims of the record's plan one after another, with the gate closed, and lists until
// the host lists none of them any more. False if it came not so far: record::acted says why. Both
// must outlive it.
net::task<bool> evict(host_recovery& host, control& over, record& r, std::string authorization);

} // namespace secondwind::recovery
