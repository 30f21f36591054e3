// Which models a run tests, and what is known of them.
#include "runner.hpp"

#include "model_choice.hpp"
#include "report_text.hpp"

#include <secondwind/base/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {

std::string runner::settings() const {
    auto changed = nlohmann::json::object();
    if (order_.flash_attention)
        changed["flash_attention"] = *order_.flash_attention;
    if (order_.kv_on_gpu)
        changed["offload_kv_cache_to_gpu"] = *order_.kv_on_gpu;
    return write_json(changed);
}

conditions runner::conditions_of(registry::model const& model) const {
    return {fingerprint_of(model), host_.version, settings(), machine_.wall_clock()};
}

std::vector<registry::probe> runner::made(subject const& model) const {
    auto const all = store_.probes(model.stored.id);
    auto counting_ones = counting(all, conditions_of(model.stored));
    // A size alone joins what is known; it replaces nothing.
    if (order_.again && !order_.search.only)
        std::erase_if(counting_ones, [this](auto const& each) { return each.run != run_; });
    return counting_ones;
}

// A search that begins again, or looks closer, replaces a whole result that still holds only once
// it has ended.
bool runner::keeps_older(subject const& model, result const& added_up) const {
    if (added_up.status != "partial" || order_.search.only)
        return false;
    auto const results = store_.results(model.stored.id);
    auto const kept = std::ranges::find(results, settings(), &registry::result::settings);
    return kept != results.end() && kept->status == "complete" &&
           is_current(*kept, conditions_of(model.stored));
}

search_options runner::options() const {
    auto search = order_.search;
    search.run = run_;
    search.estimates = search.estimates && estimates_ &&
                       (!testing_ || testing_->stored.type == registry::model_type::llm);
    return search;
}

searched_model runner::searched(subject const& model) const {
    return {model.stored.type, model.stored.max_context};
}

std::string runner::skipped(subject const& model) const {
    if (model.listed.elsewhere)
        return "it is on another device";
    if (!model.stored.complaint.empty() && !order_.search.most && !order_.search.only)
        return model.stored.complaint + "; give --max";
    if (!model.stored.max_context && !order_.search.most && !order_.search.only)
        return "the host does not say its largest context; give --max";
    return {};
}

runner::maybe_end runner::choose(std::vector<subject>& models) {
    std::vector<std::string> keys;
    keys.reserve(models.size());
    for (auto const& each : models)
        keys.push_back(each.stored.key);
    std::vector<std::string> wanted;
    for (auto const& name : order_.names) {
        auto const found = match_key(name, keys);
        if (!found.problem.empty()) {
            narrator_.says(found.problem);
            return run_end::usage;
        }
        wanted.push_back(found.key);
    }
    std::erase_if(models, [&](subject const& each) {
        if (!wanted.empty() && std::ranges::find(wanted, each.stored.key) == wanted.end())
            return true;
        if (order_.skip_embeddings && each.stored.type == registry::model_type::embedding)
            return true;
        auto const results = store_.results(each.stored.id);
        auto const kept = std::ranges::find(results, settings(), &registry::result::settings);
        bool const unfinished =
            kept != results.end() && (kept->status == "failed" || kept->status == "partial");
        if (order_.failed)
            return !unfinished;
        // An explicit size is wanted whatever is known.
        if (order_.again || order_.search.only || kept == results.end() ||
            kept->status == "partial")
            return false;
        bool const fresh = is_fresh(*kept, conditions_of(each.stored)) &&
                           covers(kept->mode, order_.search.thoroughness);
        some_unusable_ = some_unusable_ || (fresh && kept->status == "failed");
        return fresh;
    });
    std::ranges::sort(models, {}, [](subject const& each) {
        return std::tuple{each.stored.size.value_or(std::numeric_limits<std::int64_t>::max()),
                          each.stored.max_context.value_or(registry::largest_context),
                          each.stored.key};
    });
    return std::nullopt;
}

// A context that is asked for may be one at which a machine has frozen before.
runner::maybe_end runner::refuse_size(std::vector<subject> const& models) const {
    auto const& size = order_.search.only;
    if (!size || order_.force)
        return std::nullopt;
    for (auto const& each : models) {
        auto const& key = each.stored.key;
        if (each.stored.max_context && *size > *each.stored.max_context) {
            narrator_.says(fmt::format("{} declares {} tokens: --force probes {} all the same", key,
                                       grouped(*each.stored.max_context), grouped(*size)));
            return run_end::usage;
        }
        for (auto const& probe : made(each))
            if (is_bad(probe.outcome) && probe.asked && *size >= *probe.asked) {
                narrator_.says(fmt::format("{} did not work at {} ({}): --force probes {} all the "
                                           "same",
                                           key, grouped(*probe.asked), to_string(probe.outcome),
                                           grouped(*size)));
                return run_end::usage;
            }
    }
    return std::nullopt;
}

} // namespace secondwind::lab
