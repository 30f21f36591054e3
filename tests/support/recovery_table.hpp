// The table in docs/design.md of how an exchange can stand to a recovery in each of its phases.
#pragma once

#include <secondwind/recovery/exchange_recovery.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace secondwind::test {

struct recovery_state {
    recovery::relation relation = recovery::relation::none;
    std::optional<recovery::phase> phase; // nothing: there is no recovery

    auto operator<=>(recovery_state const&) const = default;
};
std::string to_string(recovery_state const& s);

using recovery_states = std::set<recovery_state>;

// The states that the table in this text marks as existing. Throws std::runtime_error unless it has
// one row for each relation and one column for each phase.
recovery_states read_recovery_table(std::string_view page);
// The same from docs/design.md, read once.
recovery_states const& recovery_table();

} // namespace secondwind::test
