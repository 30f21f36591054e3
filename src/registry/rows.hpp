// Records to and from rows of the database.
#pragma once

#include <secondwind/registry/records.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace secondwind::registry {

// A row that no version of this program has written.
class bad_row : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A text that is NULL where it is empty.
struct nullable {
    std::string const& text;
};

// Binds the parameters of a statement in their order.
class parameters {
public:
    explicit parameters(SQLite::Statement& of) : statement_{of} {}

    parameters& add(std::int64_t number);
    parameters& add(bool flag) { return add(std::int64_t{flag}); }
    parameters& add(std::optional<std::int64_t> number);
    parameters& add(std::optional<double> number);
    parameters& add(std::string const& text);
    parameters& add(std::string_view text) { return add(std::string{text}); }
    parameters& add(nullable const& text);
    parameters& add(time_point time);
    parameters& add(std::optional<time_point> time);
    parameters& null();

private:
    SQLite::Statement& statement_;
    int next_ = 1;
};

// The columns that read_host() and its like expect, of the table by the name that stands in front.
inline constexpr std::string_view host_columns = "h.id,h.name,h.url,h.version,h.seen";
inline constexpr std::string_view model_columns =
    "m.id,m.host,m.key,m.type,m.variant,m.size,m.quantization,m.max_context,m.facts,m.first_seen,"
    "m.last_seen,m.missing_since,m.complaint";
inline constexpr std::string_view run_columns =
    "r.id,r.host,r.began,r.ended,r.boot,r.pid,r.program,r.options,r.outcome";
inline constexpr std::string_view probe_columns =
    "p.id,p.run,p.model,p.fingerprint,p.lmstudio,p.settings,p.asked,p.effective,p.filled,p.outcome,"
    "p.error,p.instance,p.clean,p.load,p.ttft,p.tps,p.prompt_tokens,p.output_tokens,p.recall,"
    "p.memory,p.beside,p.began,p.ended";
inline constexpr std::string_view result_columns =
    "s.model,s.settings,s.fingerprint,s.lmstudio,s.status,s.mode,s.works,s.limited_by,s.document,"
    "s.measured";
inline constexpr std::string_view restore_columns = "t.id,t.run,t.instance,t.config,t.done";

// Each reads the columns from `first` on, and moves it behind them. They throw bad_row.
host read_host(SQLite::Statement& row, int& first);
model read_model(SQLite::Statement& row, int& first);
run read_run(SQLite::Statement& row, int& first);
probe read_probe(SQLite::Statement& row, int& first);
result read_result(SQLite::Statement& row, int& first);
restore read_restore(SQLite::Statement& row, int& first);

} // namespace secondwind::registry
