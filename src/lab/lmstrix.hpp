// The file of lmstrix, an older tester of models: {"path": HOME, "llms": {PATH: {...}}}, which it
// keeps as lmstrix.json in LM Studio's home. Pure.
#pragma once

#include "result.hpp"

#include <secondwind/registry/records.hpp>

#include <ctime>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lab {

// The file has local times without a zone.
struct local_time {
    // Nothing for a time that cannot be.
    std::function<std::optional<registry::time_point>(std::tm)> to_utc;
    std::function<std::tm(registry::time_point)> from_utc;
};
// By the zone of this process.
local_time local_time_here();

// One of `llms`.
struct lmstrix_entry {
    std::string path;               // its name in the file
    std::string short_id;           // empty: none
    registry::model model;          // by `id`, `model_id`, else the path
    std::optional<result> measured; // mode "imported"; nothing: it was never tested
};
struct lmstrix_file {
    std::string error;                  // a sentence; empty: it could be read
    std::vector<lmstrix_entry> entries; // in the order of their paths
    std::vector<std::string> lines;     // one for each entry that is skipped or changed
};
// Entries with a number out of its range are skipped. What was tested above the declared maximum is
// cut to it; a size that is known to be bad does not count where the test had not ended.
lmstrix_file read_lmstrix(std::string_view text, local_time const& zone, registry::time_point now);

// What an import does to a model. All of them make one transaction.
struct import_step {
    registry::model model; // id 0: it is not known yet
    // Its `model` is to be set to the id that the registry gives. Nothing: only the model is new.
    std::optional<registry::result> result;
};
struct import_plan {
    std::vector<import_step> steps;
    std::vector<std::string> lines; // those of the file, and one for each entry that is left out
    std::int64_t results = 0, models = 0, kept = 0; // imported, new, left because of our own result
};
import_plan plan_import(lmstrix_file const& file, registry::overview_host const& known);

// The same shape, of one host. `home` is LM Studio's home; empty: unknown.
std::string write_lmstrix(registry::overview_host const& host, std::string_view home,
                          local_time const& zone);

} // namespace secondwind::lab
