// What the verbs `list` and `show` print: tables, JSON, CSV and a curve as SVG. Pure. Texts of
// hosts are escaped in all of them.
#pragma once

#include "result.hpp"

#include <secondwind/registry/records.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lab {

using overview = std::vector<registry::overview_host>;

struct list_options {
    std::string sort = "key"; // key, ctx, max, size, tps, ttft, date; id and dtx are synonyms
    bool reverse = false;     // what is not measured stays last
    std::optional<registry::model_type> type; // only these
    bool missing = false;                     // those that are no longer listed as well
    std::size_t width = 0;                    // columns of the terminal; 0: as wide as needed
};
bool is_sort_key(std::string_view name) noexcept;

// One table and one line of counts for each host. A registry without hosts: a sentence.
std::string list_table(overview const& all, list_options const& options, registry::time_point now);
// Schema 1. `registry` is the path of the registry.
std::string list_json(overview const& all, list_options const& options, std::string_view registry,
                      registry::time_point now);
// The same names, flat; RFC 4180 but for line ends of one byte.
std::string list_csv(overview const& all, list_options const& options, registry::time_point now);

// A model that would be tested.
struct planned_model {
    std::string key;
    std::optional<std::int64_t> size;               // bytes
    std::vector<std::optional<std::int64_t>> sizes; // of sizes_to_try()
    int most_loads = 0;
};
std::string dry_run_table(std::span<planned_model const> planned);

// All probes of one model, by settings and size. `bars`: of their speed, for a terminal.
std::string show_text(registry::overview_entry const& entry, registry::host const& host,
                      std::span<registry::probe const> probes, bool bars);
std::string show_json(registry::overview_entry const& entry, registry::host const& host,
                      std::span<registry::probe const> probes, registry::time_point now);
// Tokens a second and memory over the context; sizes that do not work are crosses. Only probes with
// settings "{}".
std::string show_svg(registry::model const& model, std::span<registry::probe const> probes);

// The hosts and models that are shown, in their order.
overview chosen(overview all, list_options const& options);

} // namespace secondwind::lab
