#include <secondwind/emulator/machine.hpp>

#include "machine_reader.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <limits>

namespace secondwind::emulator {

namespace {

constexpr std::uint64_t largest_memory = std::uint64_t{1} << 50U;
constexpr std::uint64_t largest_context = 1'000'000'000;
constexpr std::uint64_t largest_cost = 1'000'000'000; // bytes a token
constexpr double largest_speed = 1e6;
constexpr double largest_factor = 1000;

void read_faults(machine_reader& in, faults& into) {
    vocabulary_of<load_fault> const loads{{"fails", load_fault::fails},
                                          {"crashes", load_fault::crashes},
                                          {"hangs", load_fault::hangs}};
    auto all_loads = loads;
    all_loads.emplace_back("unsupported", load_fault::unsupported);
    in.read("corrupt_at", into.corrupt_at);
    in.read("corrupt", into.corrupt);
    in.read("load", into.load, all_loads);
    in.read("beyond_memory", into.beyond_memory, loads);
    in.read("unload", into.unload,
            {{"not_found", unload_fault::not_found}, {"stuck", unload_fault::stuck}});
    in.read("listed_after_unload_ms", into.listed_after_unload);
    in.read("memory_freed_after_ms", into.memory_freed_after);
    in.read("fit", into.fit, {{"down", context_fit::down}, {"up", context_fit::up}});
    in.read("echoes_asked", into.echoes_asked);
    in.read("overflow", into.overflow,
            {{"keep_first", overflow_answer::keep_first},
             {"keep_more", overflow_answer::keep_more},
             {"exceeded", overflow_answer::exceeded},
             {"truncate", overflow_answer::truncate}});
    in.read("truncate_at", into.truncate_at, 1);
    in.read("crash_at", into.crash_at, 1);
    in.read("attends_to", into.attends_to, 1);
    std::optional<std::uint64_t> cut;
    in.read("cut_after", cut, 0);
    if (cut)
        into.cut_after = *cut;
}

void read_model(machine_reader& in, std::vector<model>& into) {
    model m;
    m.profile.emplace();
    auto& profile = *m.profile;
    std::uint64_t max_context = m.max_context_length;
    std::uint64_t dimensions = profile.dimensions;
    in.require("key");
    in.read("key", m.key);
    in.read("type", m.type, {{"llm", model_type::llm}, {"embedding", model_type::embedding}});
    in.require("size_bytes");
    in.read("size_bytes", m.size_bytes, 0, largest_memory);
    in.read("max_context_length", max_context, 1, largest_context);
    in.read("default_context", profile.default_context, 1, largest_context);
    in.read("kv_bytes_per_token", profile.kv_bytes_per_token, 0, largest_cost);
    in.read("cache", profile.cache,
            {{"at_load", cache_growth::at_load}, {"with_prompt", cache_growth::with_prompt}});
    in.read("estimate_factor", profile.estimate_factor, largest_factor);
    in.read("estimate_confidence", profile.estimate_is_sure, {{"high", true}, {"low", false}});
    in.read("prompt_tps", profile.prompt_tps, largest_speed);
    in.read("tps", profile.tps, largest_speed);
    in.read("speed_halves_at", profile.speed_halves_at, 0, largest_context);
    in.read("dimensions", dimensions, 1, 65'536);
    in.read("reasoning", profile.reasoning);
    in.read("format", profile.format);
    in.read("quantization", profile.quantization);
    in.read("params", profile.params);
    in.read("variants", m.variants);
    in.read_object("faults", [&](machine_reader& inside) { read_faults(inside, profile.faults); });
    m.max_context_length = static_cast<std::uint32_t>(max_context);
    profile.dimensions = dimensions;
    if (!m.key.empty() && std::ranges::find(into, m.key, &model::key) != into.end())
        in.complain("key", "another model has the same key");
    into.push_back(std::move(m));
}

void read_loaded(machine_reader& in, machine& into) {
    machine::preload one;
    bool just_in_time = false;
    in.require("model");
    in.read("model", one.model);
    in.read("identifier", one.choice.identifier);
    in.read("context_length", one.choice.context_length, 1);
    in.read("just_in_time", just_in_time);
    if (just_in_time)
        one.choice.reason = load_reason::just_in_time;
    auto const& models = into.options.models;
    if (!one.model.empty() && std::ranges::find(models, one.model, &model::key) == models.end())
        in.complain("model", "none of the models has this key");
    into.loaded.push_back(std::move(one));
}

void read_options(machine_reader& in, options& into) {
    std::uint64_t parallel = into.parallel;
    std::uint64_t tokens = into.tokens_per_answer;
    in.require("memory_bytes");
    in.read("memory_bytes", into.memory_bytes, 1, largest_memory);
    in.read("jit", into.jit);
    in.read("auto_evict", into.auto_evict);
    in.read("guardrail", into.guardrail);
    in.read("refusal", into.refusal,
            {{"with_figure", refusal_form::with_figure},
             {"plain", refusal_form::plain},
             {"old_wording", refusal_form::old_wording},
             {"generic", refusal_form::generic},
             {"engine", refusal_form::engine}});
    in.read("rest_v1", into.rest_v1);
    in.read("estimates", into.estimates);
    in.read("reports_activity", into.reports_activity);
    in.read("parallel", parallel, 1, 1000);
    in.read("api_token", into.api_token);
    in.read("load_ms", into.load_time);
    in.read("release_ms", into.release_time);
    in.read("prompt_ms", into.prompt_time);
    in.read("token_ms", into.token_interval);
    in.read("tokens_per_answer", tokens, 1, 100'000);
    into.parallel = parallel;
    into.tokens_per_answer = tokens;
}

json parse_text(std::string_view text) {
    try {
        return json::parse(text, nullptr, true, true);
    } catch (json::parse_error const& e) {
        std::string_view reason{e.what()};
        reason.remove_prefix(std::min(reason.find("] ") + 2, reason.size()));
        throw machine_error{{fmt::format("it is no JSON: {}", reason)}};
    }
}

} // namespace

machine_error::machine_error(std::vector<std::string> faults)
    : std::runtime_error{faults.empty() ? std::string{} : faults.front()}, faults_{
                                                                               std::move(faults)} {}

machine parse_machine(std::string_view text) {
    auto const document = parse_text(text);
    if (!document.is_object())
        throw machine_error{{"expected a JSON object with memory_bytes and models"}};
    std::vector<std::string> faults;
    machine_reader in{document, {}, faults};
    machine result;
    result.options.models.clear();
    result.options.estimates = true;
    result.options.keeps_requests = false;
    read_options(in, result.options);
    in.read("occupied_bytes", result.occupied_bytes, 0, largest_memory);
    in.require("models");
    auto& models = result.options.models;
    in.read("models", [&](machine_reader& one) { read_model(one, models); });
    in.read("loaded", [&](machine_reader& one) { read_loaded(one, result); });
    in.finish();
    if (models.empty() && faults.empty())
        in.complain("models", "expected at least one model");
    if (!faults.empty())
        throw machine_error{std::move(faults)};
    return result;
}

} // namespace secondwind::emulator
