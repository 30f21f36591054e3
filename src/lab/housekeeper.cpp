#include "housekeeper.hpp"

#include <secondwind/base/json.hpp>
#include <secondwind/base/pattern.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace secondwind::lab {
namespace {

using registry::outcome;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds look = 1s;

// Where a request to load an instance again keeps what only the SDK's WebSocket can tell of it.
constexpr auto described_as = "description";

// The request that loads an instance as it was.
std::string load_config_of(loaded_instance const& one, std::string const& description) {
    auto const config = nlohmann::json::parse(one.config, nullptr, false);
    auto wanted = nlohmann::json::object();
    for (auto const* name : {"context_length", "eval_batch_size", "flash_attention", "num_experts",
                             "offload_kv_cache_to_gpu"})
        if (config.is_object() && config.contains(name))
            wanted[name] = config[name];
    wanted["model"] = one.model;
    if (auto described = nlohmann::json::parse(description, nullptr, false); described.is_object())
        wanted[described_as] = std::move(described);
    return write_json(wanted);
}

std::vector<std::string> ids_of(std::vector<loaded_instance> const& loaded) {
    std::vector<std::string> ids;
    ids.reserve(loaded.size());
    for (auto const& each : loaded)
        ids.push_back(each.id);
    return ids;
}

// The model that a kept configuration is of; empty if it is not readable.
std::string model_of(nlohmann::json const& config) {
    auto const found = config.is_object() ? config.find("model") : config.end();
    return found != config.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

} // namespace

housekeeper::housekeeper(machine& on, registry::store& in, narrator& to, registry::row_id host,
                         house_rules rules, probe_limits limits)
    : machine_{on}, store_{in}, narrator_{to}, host_{host}, rules_{std::move(rules)},
      limits_{limits}, journal_{in}, cleaner_{on, journal_, limits} {}

void housekeeper::settle_dead_runs() {
    auto const now = machine_.wall_clock();
    auto const dead = store_.open_runs(host_);
    for (auto probe : store_.unclean_probes(host_)) {
        if (probe.outcome != outcome::running)
            continue;
        auto const of = std::ranges::find(dead, probe.run, &registry::run::id);
        probe.outcome =
            judge_leftover(rules_.local, of == dead.end() ? rules_.boot : of->boot, rules_.boot);
        probe.clean = probe.outcome == outcome::machine_lost; // nothing is loaded after a boot
        probe.ended = now;
        store_.update(probe);
    }
    for (auto const& run : dead)
        store_.end_run(run.id, "died", now);
}

net::task<bool> housekeeper::unload_leftovers() {
    auto const unclean = store_.unclean_probes(host_);
    if (unclean.empty())
        co_return true;
    auto const listed = co_await machine_.list(limits_.list);
    if (!listed.error.empty()) {
        narrator_.says("the host does not list its models: " + listed.error);
        co_return false;
    }
    auto const models = store_.models(host_);
    bool all = true;
    for (auto probe : unclean) {
        auto const model = std::ranges::find(models, probe.model, &registry::model::id);
        std::set<std::string> const others{probe.beside.begin(), probe.beside.end()};
        cleaned end;
        for (auto const& each : listed.loaded()) {
            bool const by_id = !probe.instance.empty() && each.id == probe.instance;
            // The lab died before it knew the id.
            bool const by_model = probe.instance.empty() && model != models.end() &&
                                  may_be_of(probe, each, model->key, others);
            if (!by_id && !by_model)
                continue;
            auto of = probe;
            of.instance = each.id;
            end =
                co_await cleaner_.clean(std::move(of), each.model, {}, by_id ? &journal_ : nullptr);
            end.acknowledged = end.acknowledged && by_id;
        }
        probe.clean = end.acknowledged || end.left.empty();
        if (probe.clean)
            store_.update(probe);
        if (!end.left.empty())
            narrator_.says(fmt::format("an instance that an earlier run has loaded could not be "
                                       "unloaded: {}. `secondwind lab clean` tries again",
                                       end.left));
        all = all && end.left.empty();
    }
    co_return all;
}

net::task<bool> housekeeper::put_back(std::vector<std::string> const* models) {
    auto const open = store_.open_restores(host_);
    if (open.empty())
        co_return true;
    auto const listed = co_await machine_.list(limits_.list);
    auto const told = co_await machine_.activity(listed.loaded(), limits_.list);
    // What a probe has loaded, and is still there, may have the id of what was unloaded for it.
    auto const unclean = store_.unclean_probes(host_);
    auto const is_leftover = [&](loaded_instance const& one) {
        return std::ranges::find(unclean, one.id, &registry::probe::instance) != unclean.end();
    };
    bool all = true;
    std::set<registry::row_id> ended;
    for (auto const& each : open) {
        auto const model = model_of(nlohmann::json::parse(each.config, nullptr, false));
        if (models && std::ranges::find(*models, model) == models->end())
            continue;
        // One of the same id that a request has loaded has another context, and goes by itself.
        bool const there = std::ranges::any_of(told.loaded, [&](auto const& one) {
            return one.id == each.instance && !one.just_in_time && !is_leftover(one);
        });
        while (!ended.contains(each.id)) {
            auto got = each.instance;
            if (!there) {
                // Another one may have had the same id, before or after this one.
                bool const is_free = !kept_.contains(each.instance) &&
                                     std::ranges::find(told.loaded, each.instance,
                                                       &loaded_instance::id) == told.loaded.end();
                auto const answer = co_await load_back(each.instance, each.config, is_free);
                if (!answer.error.empty()) {
                    narrator_.says(fmt::format("{} was loaded before, and could not be loaded "
                                               "again: {}. `secondwind lab clean` tries again",
                                               each.instance, answer.error));
                    all = false;
                    break;
                }
                kept_.insert(answer.instance);
                got = answer.instance;
            }
            // Without its own identifier it may have got the id of another that is still to come.
            // Then it is taken for that one from now on, and this one is still to come.
            auto const alike = std::ranges::find_if(open, [&](auto const& one) {
                return one.instance == got && one.config == each.config && !ended.contains(one.id);
            });
            auto const id = alike == open.end() ? each.id : alike->id;
            ended.insert(id);
            store_.end_restore(id);
        }
    }
    co_return all;
}

net::task<load_answer> housekeeper::load_back(std::string instance, std::string config,
                                              bool id_is_free) {
    auto document = nlohmann::json::parse(config, nullptr, false);
    load_request request;
    request.model = model_of(document);
    if (document.is_object() && document.contains(described_as)) {
        auto const description = write_json(document[described_as]);
        document.erase(described_as);
        if (id_is_free) {
            auto answer = co_await machine_.load_again(description, limits_.load);
            if (answer.offered)
                co_return answer;
            narrator_.says(fmt::format("{} can only be loaded under its model's own name: {}",
                                       instance, answer.error));
        }
    }
    request.config = write_json(document);
    co_return co_await machine_.load(std::move(request), limits_.load);
}

bool housekeeper::stays(loaded_instance const& one) const {
    return rules_.keep || std::ranges::any_of(rules_.pinned, [&](auto const& glob) {
               return glob_matches(glob, one.model) || glob_matches(glob, one.id);
           });
}

net::task<bool> housekeeper::await_idle(std::vector<loaded_instance> loaded, bool quiet) {
    auto const until = machine_.now() + rules_.wait;
    auto quiet_since = machine_.now();
    bool said = false;
    for (;;) {
        auto const told = co_await machine_.activity(loaded, limits_.list);
        auto const busy = told.busy();
        auto const now = machine_.now();
        if (!busy.empty()) {
            quiet_since = now;
            if (!said)
                narrator_.says(fmt::format("waiting until {} is idle", busy.front()));
            said = true;
        }
        if (busy.empty() && (!quiet || now - quiet_since >= rules_.quiet))
            co_return true;
        if (stopped_ || now >= until)
            co_return false;
        co_await machine_.wait(look);
    }
}

net::task<bool> housekeeper::unload(loaded_instance one, registry::row_id run) {
    registry::restore again;
    again.run = run;
    again.instance = one.id;
    // One that a request has loaded comes back with the next request.
    if (!one.just_in_time) {
        auto const description = co_await machine_.describe(one.id, limits_.list);
        again.config = load_config_of(one, description);
        again.id = store_.begin_restore(again);
    }
    auto const answer = co_await machine_.unload(one.id, limits_.unload);
    if (answer.gone)
        co_return true;
    if (again.id != 0)
        store_.end_restore(again.id);
    narrator_.says(fmt::format("{} could not be unloaded: {}", one.id, answer.error));
    co_return false;
}

net::task<housekeeper::cleared> housekeeper::clear(std::vector<loaded_instance> loaded,
                                                   registry::row_id run, bool new_ones) {
    std::vector<loaded_instance> going;
    for (auto& each : loaded) {
        if (kept_.contains(each.id))
            continue;
        if (stays(each))
            kept_.insert(each.id);
        else
            going.push_back(std::move(each));
    }
    if (going.empty())
        co_return cleared::yes;
    if (!rules_.yes && !agreed_) {
        bool renamed = false;
        for (auto const& each : going) {
            if (each.just_in_time || each.id.starts_with(each.model))
                continue;
            auto const described = co_await machine_.describe(each.id, limits_.list);
            renamed = renamed || described.empty();
        }
        auto const answer = narrator_.asks(fmt::format(
            "Unload {}? What was loaded by hand is loaded again at the end{}.",
            fmt::join(ids_of(going), ", "), renamed ? ", under its model's own name" : ""));
        if (!answer)
            co_return cleared::unasked;
        if (!*answer)
            co_return cleared::refused;
        agreed_ = true;
    }
    bool const free = co_await await_idle(going, new_ones);
    if (!free)
        co_return cleared::busy;
    // Meanwhile others may have loaded another under the same id.
    auto listed = co_await machine_.list(limits_.list);
    auto present = listed.loaded();
    std::erase_if(present, [&](auto const& one) {
        return std::ranges::find(going, one.id, &loaded_instance::id) == going.end();
    });
    auto result = listed.error.empty() ? cleared::yes : cleared::failed;
    auto const told = co_await machine_.activity(std::move(present), limits_.list);
    for (auto const& each : told.loaded) {
        bool const gone = co_await unload(each, run);
        if (!gone)
            result = cleared::failed;
    }
    co_return result;
}

} // namespace secondwind::lab
