#include "rows.hpp"

#include <secondwind/base/log_line.hpp>
#include <secondwind/base/rfc3339.hpp>

#include <nlohmann/json.hpp>

namespace secondwind::registry {
namespace {

// The columns of one row in their order.
class columns {
public:
    columns(SQLite::Statement& row, int& at) : row_{row}, at_{at} {}

    // What a function makes of a text, which is to be something.
    template<class Reading>
    auto known(std::string const& text, Reading reading) {
        auto const value = reading(text);
        if (!value)
            throw bad_row{std::string{row_.getColumnName(at_ - 1)} + " is \"" + text + "\""};
        return *value;
    }

    std::int64_t number() { return row_.getColumn(at_++).getInt64(); }
    bool flag() { return number() != 0; }
    std::string text() { return row_.getColumn(at_++).getString(); } // NULL is empty
    std::optional<std::int64_t> maybe_number() {
        auto const column = row_.getColumn(at_++);
        return column.isNull() ? std::nullopt : std::optional{column.getInt64()};
    }
    std::optional<double> maybe_fraction() {
        auto const column = row_.getColumn(at_++);
        return column.isNull() ? std::nullopt : std::optional{column.getDouble()};
    }
    std::optional<time_point> maybe_time() {
        if (row_.getColumn(at_).isNull()) {
            ++at_;
            return std::nullopt;
        }
        return time();
    }
    time_point time() {
        return known(text(), [](std::string_view text) { return parse_rfc3339(text); });
    }

private:
    SQLite::Statement& row_;
    int& at_;
};

std::optional<std::vector<std::string>> parse_list(std::string const& text) {
    auto const list = nlohmann::json::parse(text, nullptr, false);
    if (!list.is_array())
        return std::nullopt;
    std::vector<std::string> out;
    for (auto const& each : list)
        if (each.is_string())
            out.push_back(each.get<std::string>());
    return out;
}

} // namespace

parameters& parameters::add(std::int64_t number) {
    statement_.bind(next_++, number);
    return *this;
}

parameters& parameters::add(std::optional<std::int64_t> number) {
    return number ? add(*number) : null();
}

parameters& parameters::add(std::optional<double> number) {
    if (!number)
        return null();
    statement_.bind(next_++, *number);
    return *this;
}

parameters& parameters::add(std::string const& text) {
    statement_.bind(next_++, text);
    return *this;
}

parameters& parameters::add(nullable const& text) {
    return text.text.empty() ? null() : add(text.text);
}

parameters& parameters::add(time_point time) {
    return add(log::timestamp(time));
}

parameters& parameters::add(std::optional<time_point> time) {
    return time ? add(*time) : null();
}

parameters& parameters::null() {
    statement_.bind(next_++);
    return *this;
}

host read_host(SQLite::Statement& row, int& first) {
    columns from{row, first};
    host out;
    out.id = from.number();
    out.name = from.text();
    out.url = from.text();
    out.version = from.text();
    out.seen = from.maybe_time();
    return out;
}

model read_model(SQLite::Statement& row, int& first) {
    columns from{row, first};
    model out;
    out.id = from.number();
    out.host = from.number();
    out.key = from.text();
    out.type = from.known(from.text(), model_type_from_string);
    out.variant = from.text();
    out.size = from.maybe_number();
    out.quantization = from.text();
    out.max_context = from.maybe_number();
    out.facts = from.text();
    out.first_seen = from.time();
    out.last_seen = from.time();
    out.missing_since = from.maybe_time();
    out.complaint = from.text();
    return out;
}

run read_run(SQLite::Statement& row, int& first) {
    columns from{row, first};
    run out;
    out.id = from.number();
    out.host = from.number();
    out.began = from.time();
    out.ended = from.maybe_time();
    out.boot = from.text();
    out.pid = from.number();
    out.program = from.text();
    out.options = from.text();
    out.outcome = from.text();
    return out;
}

probe read_probe(SQLite::Statement& row, int& first) {
    columns from{row, first};
    probe out;
    out.id = from.number();
    out.run = from.number();
    out.model = from.number();
    out.fingerprint = from.text();
    out.lmstudio = from.text();
    out.settings = from.text();
    out.asked = from.maybe_number();
    out.effective = from.maybe_number();
    out.filled = from.maybe_number();
    out.outcome = from.known(from.text(), outcome_from_string);
    out.error = from.text();
    out.instance = from.text();
    out.clean = from.flag();
    out.load = from.maybe_fraction();
    out.ttft = from.maybe_fraction();
    out.tps = from.maybe_fraction();
    out.prompt_tokens = from.maybe_number();
    out.output_tokens = from.maybe_number();
    if (auto const name = from.text(); !name.empty())
        out.recall = from.known(name, recall_from_string);
    out.memory = from.maybe_number();
    out.beside = from.known(from.text(), parse_list);
    out.began = from.time();
    out.ended = from.maybe_time();
    return out;
}

result read_result(SQLite::Statement& row, int& first) {
    columns from{row, first};
    result out;
    out.model = from.number();
    out.settings = from.text();
    out.fingerprint = from.text();
    out.lmstudio = from.text();
    out.status = from.text();
    out.mode = from.text();
    out.works = from.maybe_number();
    out.limited_by = from.text();
    out.document = from.text();
    out.measured = from.time();
    return out;
}

restore read_restore(SQLite::Statement& row, int& first) {
    columns from{row, first};
    restore out;
    out.id = from.number();
    out.run = from.number();
    out.instance = from.text();
    out.config = from.text();
    out.done = from.flag();
    return out;
}

} // namespace secondwind::registry
