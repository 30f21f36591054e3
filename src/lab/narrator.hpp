// Hears what a run does. Nothing here may throw.
#pragma once

#include "progress_lines.hpp"
#include "report.hpp"
#include "result.hpp"
#include "search.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace secondwind::lab {

class narrator {
public:
    virtual ~narrator() = default;
    virtual void begins(std::size_t models) = 0;
    // --dry-run: what would be tested.
    virtual void planned(std::span<planned_model const> models) = 0;
    virtual void probing(position const& at, wanted_probe const& wanted) = 0;
    virtual void probed(position const& at, registry::probe const& ended) = 0;
    virtual void finished(position const& at, result const& added_up, searched_model const& model,
                          double seconds, std::optional<double> seconds_left) = 0;
    virtual void yields(std::vector<std::string> const& models) = 0;
    virtual void says(std::string const& sentence) = 0; // what a user must know
    // A yes-or-no question; nothing where nobody can answer.
    virtual std::optional<bool> asks(std::string const& question) = 0;
};

} // namespace secondwind::lab
