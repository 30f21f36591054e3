#include "lmstrix.hpp"

#include "report_json.hpp"
#include "report_text.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/base/json.hpp>
#include <secondwind/base/rfc3339.hpp>
#include <secondwind/base/system.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using json = nlohmann::json;

// A number of an entry that the registry cannot keep.
struct out_of_range {
    std::string name;
    std::string value;
};

// The members of one entry. What has another type counts as missing.
class entry_reader {
public:
    explicit entry_reader(json const& from) : from_{from} {}

    std::string text(char const* name, std::size_t most) const {
        auto const* value = find(name);
        if (value == nullptr || !value->is_string())
            return {};
        return std::string{beginning_of(value->get_ref<std::string const&>(), most)};
    }
    bool flag(char const* name) const {
        auto const* value = find(name);
        return value != nullptr && value->is_boolean() && value->get<bool>();
    }
    std::optional<double> number(char const* name, double least, double most) {
        auto const* value = find(name);
        if (value == nullptr || !value->is_number())
            return std::nullopt;
        auto const number = value->get<double>();
        if (number >= least && number <= most)
            return number;
        if (!wrong)
            wrong = out_of_range{name, beginning(value->dump())};
        return std::nullopt;
    }
    // Zero is how lmstrix writes what it does not know.
    std::optional<std::int64_t> count(char const* name, std::int64_t most) {
        auto const found = number(name, 0, static_cast<double>(most));
        if (!found || *found < 1)
            return std::nullopt;
        return std::llround(*found);
    }

    std::optional<out_of_range> wrong;

private:
    static std::string beginning(std::string const& text) {
        constexpr std::size_t most = 40;
        return text.substr(0, most);
    }
    json const* find(char const* name) const {
        auto const found = from_.find(name);
        return found == from_.end() ? nullptr : &*found;
    }

    json const& from_;
};

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t length) noexcept {
    if (at + length > text.size())
        return std::nullopt;
    int value = 0;
    for (char const c : text.substr(at, length)) {
        if (c < '0' || c > '9')
            return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// "2025-07-27T14:05:33" or ".123456" after it, as Python writes it; with a zone it is RFC 3339.
std::optional<registry::time_point> read_time(std::string_view text, local_time const& zone) {
    if (auto const time = parse_rfc3339(text))
        return time;
    constexpr std::size_t whole = 19;
    auto const rest = text.substr(std::min(text.size(), whole));
    bool const is_time =
        text.size() >= whole && text[4] == '-' && text[7] == '-' &&
        (text[10] == 'T' || text[10] == ' ') && text[13] == ':' && text[16] == ':' &&
        (rest.empty() ||
         (rest.front() == '.' && rest.find_first_not_of("0123456789", 1) == rest.npos));
    auto const year = digits(text, 0, 4);
    auto const month = digits(text, 5, 2);
    auto const day = digits(text, 8, 2);
    auto const hour = digits(text, 11, 2);
    auto const minute = digits(text, 14, 2);
    auto const second = digits(text, 17, 2);
    if (!is_time || !year || !month || !day || !hour || !minute || !second)
        return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59)
        return std::nullopt;
    std::tm parts{};
    parts.tm_year = *year - 1900;
    parts.tm_mon = *month - 1;
    parts.tm_mday = *day;
    parts.tm_hour = *hour;
    parts.tm_min = *minute;
    parts.tm_sec = *second;
    parts.tm_isdst = -1;
    return zone.to_utc(parts);
}

std::string facts_of(lmstrix_entry const& entry, entry_reader& in) {
    nlohmann::ordered_json facts{{"path", entry.path}};
    if (!entry.short_id.empty())
        facts["short_id"] = entry.short_id;
    facts["tools"] = in.flag("has_tools");
    facts["vision"] = in.flag("has_vision");
    if (auto const out = in.count("ctx_out", registry::largest_context))
        facts["ctx_out"] = *out;
    return write_json(facts);
}

std::string name_of(std::string_view path) {
    return in_quotes(path);
}

std::optional<result> read_result(entry_reader& in, lmstrix_entry const& entry,
                                  local_time const& zone, registry::time_point now,
                                  std::vector<std::string>& lines) {
    auto const status = in.text("context_test_status", 32);
    auto const tested = in.count("tested_max_context", registry::largest_context);
    auto const good = in.count("last_known_good_context", registry::largest_context);
    auto const bad = in.count("last_known_bad_context", registry::largest_context);
    auto const ttft = in.number("ttft_seconds", 0, registry::longest);
    auto const tps = in.number("tps", 0, registry::fastest);
    if (in.wrong)
        return std::nullopt;
    bool const has_failed = status == "failed" || in.flag("failed");
    auto const works = tested ? tested : good;
    if (!works && !has_failed)
        return std::nullopt;

    result r;
    r.mode = "imported";
    r.works = works;
    if (works && entry.model.max_context && *works > *entry.model.max_context) {
        r.works = entry.model.max_context;
        lines.push_back(fmt::format("{}: tested at {}, above the {} that it declares; cut to that",
                                    name_of(entry.path), grouped(*works),
                                    grouped(*entry.model.max_context)));
    }
    // It was written before each try, and stayed where the try was ended from outside.
    if (bad && status != "testing" && *bad > r.works.value_or(0))
        r.first_bad = bad;
    r.status = !r.works ? "failed" : status == "completed" ? "complete" : "partial";
    if (r.works && r.works == entry.model.max_context)
        r.limited_by = "model";
    r.tps = tps;
    r.ttft = ttft;
    r.measured_at = now;
    auto const date = in.text("context_test_date", 64);
    if (auto const time = read_time(date, zone))
        r.measured_at = std::min(now, *time);
    else if (!date.empty())
        lines.push_back(fmt::format("{}: the date {} cannot be read; today is taken",
                                    name_of(entry.path), in_quotes(date)));
    return r;
}

std::optional<lmstrix_entry> read_entry(std::string const& path, json const& from,
                                        local_time const& zone, registry::time_point now,
                                        std::vector<std::string>& lines) {
    auto const skip = [&](std::string_view reason) {
        lines.push_back(fmt::format("{}: {}; skipped", name_of(path), reason));
        return std::nullopt;
    };
    if (!from.is_object())
        return skip("no entry of a model");
    entry_reader in{from};
    constexpr std::size_t most = registry::longest_key + 1;
    lmstrix_entry entry;
    entry.path = path;
    entry.short_id = in.text("short_id", most);
    auto& m = entry.model;
    m.key = in.text("id", most);
    if (m.key.empty())
        m.key = in.text("model_id", most);
    if (m.key.empty())
        m.key = path;
    if (m.key.empty() || m.key.size() > registry::longest_key)
        return skip("its id is empty or longer than 1,024 bytes");
    if (!is_utf8(m.key) || !is_utf8(path))
        return skip("its id is not UTF-8");
    m.max_context = in.count("ctx_in", registry::largest_context);
    m.size = in.count("size_bytes", registry::largest_size);
    m.first_seen = m.last_seen = now;
    m.facts = facts_of(entry, in);
    std::vector<std::string> remarks;
    entry.measured = read_result(in, entry, zone, now, remarks);
    if (in.wrong)
        return skip(fmt::format("{} of {} is out of range", in.wrong->name, in.wrong->value));
    lines.insert(lines.end(), remarks.begin(), remarks.end());
    return entry;
}

registry::overview_entry const* find_known(lmstrix_entry const& entry,
                                           registry::overview_host const& known) {
    for (auto const* name : {&entry.model.key, &entry.path, &entry.short_id})
        for (auto const& one : known.models)
            if (!name->empty() && one.model.key == *name)
                return &one;
    return nullptr;
}

std::string text_or(nlohmann::ordered_json const& value, std::string fallback) {
    return value.is_string() ? value.get<std::string>() : std::move(fallback);
}

std::string last_part(std::string const& key) {
    return key.substr(key.find_last_of('/') + 1); // npos + 1 is 0
}

nlohmann::ordered_json count_or_null(std::optional<std::int64_t> value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json write_entry(registry::overview_entry const& from, std::string const& path,
                                   local_time const& zone) {
    auto const& m = from.model;
    auto const r = from.result ? shown(*from.result) : result{};
    auto const is_true = [&m](std::string_view name) {
        auto const value = fact(m, name);
        return value.is_boolean() && value.get<bool>();
    };
    bool const has_failed = r.status == "failed";
    std::string status = "untested";
    if (has_failed)
        status = "failed";
    else if (r.works)
        status = r.status == "complete" ? "completed" : "testing";

    nlohmann::ordered_json entry;
    entry["id"] = m.key;
    entry["short_id"] = text_or(fact(m, "short_id"), last_part(m.key));
    entry["path"] = path;
    entry["size_bytes"] = m.size.value_or(0);
    entry["ctx_in"] = m.max_context.value_or(0);
    entry["ctx_out"] =
        fact(m, "ctx_out").is_number() ? fact(m, "ctx_out") : nlohmann::ordered_json(0);
    entry["has_tools"] = is_true("tools");
    entry["has_vision"] = is_true("vision");
    entry["tested_max_context"] = count_or_null(r.works);
    entry["loadable_max_context"] = count_or_null(r.works);
    entry["last_known_good_context"] = count_or_null(r.works);
    entry["last_known_bad_context"] = count_or_null(r.first_bad);
    entry["context_test_status"] = status;
    entry["context_test_date"] = nullptr;
    if (status != "untested") {
        auto const parts = zone.from_utc(r.measured_at);
        entry["context_test_date"] =
            fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900,
                        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    }
    if (r.ttft)
        entry["ttft_seconds"] = *r.ttft;
    if (r.tps)
        entry["tps"] = *r.tps;
    entry["context_test_log"] = "";
    entry["failed"] = has_failed;
    entry["error_msg"] = has_failed ? r.limited_by : "";
    return entry;
}

} // namespace

local_time local_time_here() {
    return {[](std::tm parts) -> std::optional<registry::time_point> {
                auto const day = parts.tm_mday;
                auto const seconds = std::mktime(&parts);
                // A time that mktime() has moved to another day does not exist.
                if (seconds == -1 || parts.tm_mday != day)
                    return std::nullopt;
                return std::chrono::system_clock::from_time_t(seconds);
            },
            [](registry::time_point time) {
                auto const seconds = std::chrono::system_clock::to_time_t(time);
                return secondwind::local_time(seconds);
            }};
}

lmstrix_file read_lmstrix(std::string_view text, local_time const& zone, registry::time_point now) {
    lmstrix_file file;
    auto const document = json::parse(text, nullptr, false);
    if (document.is_discarded()) {
        file.error = "it is not valid JSON";
        return file;
    }
    auto const llms = document.is_object() ? document.find("llms") : document.end();
    if (llms == document.end() || !llms->is_object()) {
        file.error = "it has no object \"llms\", as lmstrix.json has";
        return file;
    }
    for (auto const& [path, from] : llms->items())
        if (auto entry = read_entry(path, from, zone, now, file.lines))
            file.entries.push_back(std::move(*entry));
    return file;
}

import_plan plan_import(lmstrix_file const& file, registry::overview_host const& known) {
    import_plan plan;
    plan.lines = file.lines;
    std::set<std::string> taken;
    for (auto const& entry : file.entries) {
        auto const* found = find_known(entry, known);
        auto const& model = found != nullptr ? found->model : entry.model;
        if (!taken.insert(model.key).second) {
            plan.lines.push_back(fmt::format("{}: another entry is the same model, {}; skipped",
                                             name_of(entry.path), in_quotes(model.key)));
            continue;
        }
        import_step step{model, std::nullopt};
        if (found == nullptr)
            ++plan.models;
        if (found != nullptr && found->result && found->result->mode != "imported") {
            ++plan.kept;
            plan.lines.push_back(fmt::format("{}: {} has a result of its own, which is kept",
                                             name_of(entry.path), in_quotes(model.key)));
            continue;
        }
        if (entry.measured) {
            step.result =
                to_record(*entry.measured, model.id, {fingerprint_of(model), {}, "{}", {}});
            ++plan.results;
        } else if (found != nullptr) {
            continue;
        }
        plan.steps.push_back(std::move(step));
    }
    return plan;
}

std::string write_lmstrix(registry::overview_host const& host, std::string_view home,
                          local_time const& zone) {
    auto llms = nlohmann::ordered_json::object();
    for (auto const& entry : host.models) {
        auto const path = text_or(fact(entry.model, "path"), entry.model.key);
        llms[path] = write_entry(entry, path, zone);
    }
    return write_json(nlohmann::ordered_json{{"path", home}, {"llms", std::move(llms)}}) + '\n';
}

} // namespace secondwind::lab
