#include "report_json.hpp"

#include "report.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/log_line.hpp>
#include <secondwind/base/table.hpp>

#include <nlohmann/json.hpp>

#include <array>

namespace secondwind::lab {
namespace {

using ordered = nlohmann::ordered_json;

constexpr int schema = 1;

template<class Value>
ordered null_or(std::optional<Value> const& value) {
    return value ? ordered(*value) : ordered(nullptr);
}

ordered null_or_text(std::string const& text) {
    return text.empty() ? ordered(nullptr) : ordered(text);
}

ordered null_or_time(std::optional<registry::time_point> time) {
    return time ? ordered(std::string{log::timestamp(*time)}) : ordered(nullptr);
}

ordered object_or_empty(std::string const& text) {
    auto object = ordered::parse(text, nullptr, false);
    return object.is_object() ? object : ordered::object();
}

ordered result_document(registry::overview_entry const& entry, registry::host const& host,
                        registry::time_point now) {
    if (!entry.result)
        return nullptr;
    auto const kept = to_document(shown(*entry.result));
    ordered document;
    for (auto const& [name, value] : kept.items()) {
        document[name] = value;
        if (name == "status")
            document["fresh"] =
                is_current(*entry.result, present_conditions(entry.model, host, now));
    }
    return document;
}

std::string csv_value(ordered const& value) {
    if (value.is_null())
        return {};
    if (!value.is_string() && !value.is_array())
        return write_json(value);
    std::string text;
    if (value.is_string()) {
        text = printable(value.get_ref<std::string const&>());
    } else {
        for (auto const& one : value)
            text += (text.empty() ? "" : " ") + csv_value(one);
    }
    if (text.find_first_of(",\"\n\r") == text.npos)
        return text;
    std::string quoted = "\"";
    for (char const c : text)
        quoted += c == '"' ? std::string{"\"\""} : std::string{c};
    return quoted + '"';
}

constexpr std::array<char const*, 18> result_columns{
    "status",     "fresh", "mode",       "works",  "filled", "recalls",
    "first_bad",  "holes", "limited_by", "needed", "tps",    "tps_filled",
    "prompt_tps", "ttft",  "load",       "beside", "loads",  "measured_at"};

} // namespace

conditions present_conditions(registry::model const& model, registry::host const& host,
                              registry::time_point now) {
    return {fingerprint_of(model), host.version, "{}", now};
}

ordered fact(registry::model const& model, std::string_view name) {
    auto const facts = object_or_empty(model.facts);
    auto const found = facts.find(name);
    return found != facts.end() && (found->is_string() || found->is_number() || found->is_boolean())
               ? *found
               : ordered(nullptr);
}

ordered probe_document(registry::probe const& p) {
    ordered document;
    document["settings"] = object_or_empty(p.settings);
    document["lmstudio"] = null_or_text(p.lmstudio);
    document["asked"] = null_or(p.asked);
    document["effective"] = null_or(p.effective);
    document["filled"] = null_or(p.filled);
    document["outcome"] = registry::to_string(p.outcome);
    document["error"] = null_or_text(p.error);
    document["load"] = null_or(p.load);
    document["ttft"] = null_or(p.ttft);
    document["tps"] = null_or(p.tps);
    document["prompt_tps"] = null_or(prompt_tps(p));
    document["prompt_tokens"] = null_or(p.prompt_tokens);
    document["output_tokens"] = null_or(p.output_tokens);
    document["recall"] = p.recall ? ordered(registry::to_string(*p.recall)) : ordered(nullptr);
    document["memory"] = null_or(memory_of(p));
    document["beside"] = p.beside;
    document["began"] = null_or_time(p.began);
    document["ended"] = null_or_time(p.ended);
    return document;
}

ordered model_document(registry::overview_entry const& entry, registry::host const& host,
                       registry::time_point now) {
    auto const& m = entry.model;
    ordered document;
    document["key"] = m.key;
    document["type"] = registry::to_string(m.type);
    for (auto const* name : {"display_name", "publisher", "architecture", "format"})
        document[name] = fact(m, name);
    document["quantization"] = null_or_text(m.quantization);
    document["variant"] = null_or_text(m.variant);
    document["params"] = fact(m, "params");
    document["size"] = null_or(m.size);
    document["max_context"] = null_or(m.max_context);
    for (auto const* name : {"vision", "tools", "reasoning"})
        document[name] = fact(m, name);
    document["missing_since"] = null_or_time(m.missing_since);
    document["complaint"] = null_or_text(m.complaint);
    document["result"] = result_document(entry, host, now);
    return document;
}

std::string list_json(overview const& all, list_options const& options, std::string_view registry,
                      registry::time_point now) {
    auto hosts = ordered::array();
    for (auto const& host : chosen(all, options)) {
        auto models = ordered::array();
        for (auto const& entry : host.models)
            models.push_back(model_document(entry, host.host, now));
        hosts.push_back({{"name", host.host.name},
                         {"url", host.host.url},
                         {"version", null_or_text(host.host.version)},
                         {"seen", null_or_time(host.host.seen)},
                         {"models", std::move(models)}});
    }
    return write_json(
               ordered{{"schema", schema}, {"registry", registry}, {"hosts", std::move(hosts)}}) +
           '\n';
}

std::string list_csv(overview const& all, list_options const& options, registry::time_point now) {
    std::string heads;
    std::string lines;
    auto const add = [](std::string& line, std::string const& value) {
        if (!line.empty() && line.back() != '\n')
            line += ',';
        line += value;
    };
    // The names are those of a model without a result, so that there are some in any case.
    for (auto const* name : {"host", "url"})
        add(heads, name);
    auto const without_result = model_document({}, {}, now);
    for (auto const& [name, value] : without_result.items())
        if (name != "result")
            add(heads, name);
    for (auto const* name : result_columns)
        add(heads, name);
    for (auto const* name : {"default_context", "default_works"})
        add(heads, name);

    for (auto const& host : chosen(all, options))
        for (auto const& entry : host.models) {
            std::string line = csv_value(host.host.name) + ',' + csv_value(host.host.url);
            auto const document = model_document(entry, host.host, now);
            auto const& r = document["result"];
            for (auto const& [name, value] : document.items())
                if (name != "result")
                    line += ',' + csv_value(value);
            for (auto const* name : result_columns)
                line += ',' + (r.is_null() ? std::string{} : csv_value(r[name]));
            for (auto const* name : {"context", "works"})
                line += ',' + (r.is_null() ? std::string{} : csv_value(r["default"][name]));
            lines += line + '\n';
        }
    return heads + '\n' + lines;
}

std::string show_json(registry::overview_entry const& entry, registry::host const& host,
                      std::span<registry::probe const> probes, registry::time_point now) {
    auto all = ordered::array();
    for (auto const& p : probes)
        all.push_back(probe_document(p));
    return write_json(ordered{{"schema", schema},
                              {"host", host.name},
                              {"model", model_document(entry, host, now)},
                              {"probes", std::move(all)}}) +
           '\n';
}

} // namespace secondwind::lab
