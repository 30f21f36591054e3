// Answers of the admin listener, as a client of it gets them.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace secondwind::test {

nlohmann::json admin_status();
nlohmann::json admin_host();
nlohmann::json admin_recovery();

} // namespace secondwind::test
