#include "runner.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace secondwind::lab {
namespace {

using registry::outcome;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds guess_limit = 5s;
constexpr milliseconds version_limit = 5s;
constexpr milliseconds host_look = 1s;
constexpr milliseconds signal_look = 10ms;
constexpr std::size_t most_dirty = 3;

// What a model weighs in the estimate of the time left: a load takes about as long as it is large,
// and none is free.
double weight_of(registry::model const& model) {
    constexpr double least = 1e9;
    return least + static_cast<double>(model.size.value_or(0));
}

} // namespace

runner::runner(machine& on, registry::store& in, lease& by, narrator& to, registry::host host,
               test_order order, std::function<void()> publish)
    : machine_{on}, store_{in}, lease_{by}, narrator_{to}, host_{std::move(host)},
      order_{std::move(order)}, publish_{std::move(publish)},
      house_{on, in, to, host_.id, order_.rules, order_.limits}, prober_{on, *this, order_.limits} {
    lease_.on_wanted([this] { prober_.stop(); });
}

void runner::stop() noexcept {
    interrupted_ = true;
    house_.stop();
    prober_.stop();
    lease_.cancel();
    machine_.cancel();
}

registry::row_id runner::begin(registry::probe const& begun) {
    lease_.working(testing_->stored.key);
    return store_.begin_probe(begun);
}

void runner::note(registry::probe const& changed) {
    store_.update(within_ranges(changed));
    if (!changed.instance.empty() && changed.outcome == outcome::good)
        lease_.loaded(changed.instance);
    if (changed.clean && !changed.instance.empty())
        lease_.unloaded(changed.instance);
}

void runner::end(registry::probe const& ended) {
    auto probes = made(*testing_);
    std::erase_if(probes, [&](auto const& each) { return each.id == ended.id; });
    auto const kept = within_ranges(ended);
    probes.push_back(kept);
    auto const added_up = add_up(searched(*testing_), probes, options());
    auto const row = to_record(added_up, testing_->stored.id, conditions_of(testing_->stored));
    store_.update(kept, keeps_older(*testing_, added_up) ? nullptr : &row);
}

net::task<run_end> runner::run() {
    host_.version = co_await machine_.version(version_limit);
    host_.seen = machine_.wall_clock();
    host_.id = store_.keep(host_);
    if (!order_.dry_run)
        house_.settle_dead_runs();

    registry::run begun;
    begun.host = host_.id;
    begun.began = machine_.wall_clock();
    begun.boot = order_.rules.boot;
    begun.pid = order_.pid;
    begun.program = order_.program;
    if (!order_.dry_run)
        run_ = store_.begin_run(begun);
    auto result = run_end::failed;
    std::exception_ptr unwritable;
    try {
        result = co_await run_models();
    } catch (registry::registry_error const&) {
        unwritable = std::current_exception();
    }
    if (unwritable) {
        co_await leave_clean();
        std::rethrow_exception(unwritable);
    }
    if (order_.dry_run)
        co_return result;

    // Everything manual comes back, however the run has ended.
    bool const whole = co_await house_.put_back();
    if (lease_.held())
        co_await lease_.release();
    if (!whole && result == run_end::complete)
        result = run_end::failed;
    store_.end_run(run_, fmt::format("{}", static_cast<int>(result)), machine_.wall_clock());
    co_return result;
}

// The registry cannot be written to: what can be put right without it is.
net::task<void> runner::leave_clean() {
    auto const left = co_await prober_.clean_up();
    if (!left.empty())
        narrator_.says(fmt::format("{} could not be unloaded: {}. `secondwind lab clean` tries "
                                   "again",
                                   testing_->stored.key, left));
    try {
        co_await house_.put_back();
    } catch (registry::registry_error const&) {
        // What was loaded again is still due in the registry: the next run sees that it is there.
    }
}

net::task<std::vector<runner::subject>> runner::take_listing() {
    std::vector<subject> found;
    auto listed = co_await machine_.list(order_.limits.list);
    if (!listed.error.empty()) {
        narrator_.says("the host does not list its models: " + listed.error);
        co_return found;
    }
    if (listed.left_out > 0)
        narrator_.says(left_out_note(listed.left_out));
    std::vector<registry::model> models;
    for (auto const& each : listed.models)
        models.push_back(each.facts);
    auto const stored = store_.keep_listing(host_.id, models, machine_.wall_clock());
    for (auto& each : listed.models) {
        auto const row = std::ranges::find(stored, each.facts.key, &registry::model::key);
        if (row != stored.end())
            found.push_back({std::move(each), *row});
    }
    co_return found;
}

net::task<run_end> runner::run_models() {
    bool const clean = co_await house_.unload_leftovers();
    if (!clean)
        co_return run_end::failed;
    auto models = co_await take_listing();
    if (models.empty())
        co_return run_end::failed;
    auto const wrong = choose(models);
    if (wrong)
        co_return *wrong;
    if (auto const refused = refuse_size(models))
        co_return *refused;
    narrator_.begins(models.size());
    if (order_.dry_run) {
        plan(models);
        co_return run_end::complete;
    }

    auto const began = machine_.now();
    double done = 0, left = 0;
    for (auto const& each : models)
        left += weight_of(each.stored);
    for (std::size_t i = 0; i < models.size(); ++i) {
        auto const& model = models[i];
        position const at{i + 1, models.size(), model.stored.key};
        testing_ = &model;
        guesses_.clear();
        estimates_ = true;
        auto const model_began = machine_.now();
        auto const ended = co_await test(model, at);
        if (ended)
            co_return *ended;
        auto added_up = add_up(searched(model), made(model), options(), skipped(model));
        if (added_up.status == "skipped")
            added_up.measured_at = machine_.wall_clock();
        if (!keeps_older(model, added_up))
            store_.keep(to_record(added_up, model.stored.id, conditions_of(model.stored)));
        some_unusable_ = some_unusable_ || added_up.status == "failed";
        some_partial_ = some_partial_ || added_up.status == "partial";
        done += weight_of(model.stored);
        left -= weight_of(model.stored);
        auto const now = machine_.now();
        auto const seconds_left = seconds_between(began, now) / done * left;
        narrator_.finished(at, added_up, searched(model), seconds_between(model_began, now),
                           i + 1 < models.size() ? std::optional{seconds_left} : std::nullopt);
        publish_();
        if (dirty_.size() >= most_dirty) {
            narrator_.says(
                fmt::format("instances of {} could not be unloaded, so nothing more is "
                            "loaded: unload them in LM Studio, and run the command again",
                            fmt::join(dirty_, ", ")));
            co_return run_end::failed;
        }
    }
    if (some_unusable_)
        co_return run_end::unusable_models;
    co_return some_partial_ ? run_end::failed : run_end::complete;
}

void runner::plan(std::vector<subject> const& models) const {
    std::vector<planned_model> planned;
    for (auto const& each : models) {
        auto const of = searched(each);
        planned.push_back({each.stored.key, each.stored.size,
                           sizes_to_try(of, made(each), options()), most_loads(of, options())});
    }
    narrator_.planned(planned);
}

net::task<runner::maybe_end> runner::test(subject const& model, position const& at) {
    if (!skipped(model).empty())
        co_return std::nullopt;
    int const most = most_loads(searched(model), options()) + 8;
    for (int loads = 0; loads < most;) {
        if (interrupted_)
            co_return run_end::interrupted;
        auto const step = next_step(searched(model), made(model), guesses_, options());
        if (std::holds_alternative<finished>(step))
            break;
        if (auto const* wanted = std::get_if<wanted_estimate>(&step)) {
            co_await guess(model, wanted->context);
            continue;
        }
        auto ended = co_await have_host();
        if (!ended) {
            ++loads;
            ended = co_await probe(model, at, std::get<wanted_probe>(step));
        }
        if (ended)
            co_return ended;
    }
    co_return std::nullopt;
}

net::task<void> runner::guess(subject const& model, std::int64_t context) {
    load_request request{model.stored.key, context, order_.flash_attention, order_.kv_on_gpu};
    auto const told = co_await machine_.guess(std::move(request), guess_limit);
    if (told)
        guesses_.push_back(*told);
    else
        estimates_ = false; // the search of this model goes on without
}

net::task<runner::maybe_end> runner::probe(subject const& model, position const& at,
                                           wanted_probe wanted) {
    narrator_.probing(at, wanted);
    probe_order order;
    order.row.run = run_;
    order.row.model = model.stored.id;
    order.row.fingerprint = fingerprint_of(model.stored);
    order.row.lmstudio = host_.version;
    order.row.settings = settings();
    order.type = model.stored.type;
    order.key = model.stored.key;
    order.wanted = wanted;
    order.reasoning = model.listed.reasoning;
    for (auto const& each : made(model))
        if (each.outcome == outcome::good)
            order.worked = std::max(order.worked.value_or(0), each.effective.value_or(0));
    order.flash_attention = order_.flash_attention;
    order.kv_on_gpu = order_.kv_on_gpu;
    order.known = house_.kept();
    order.beside_leftovers = !dirty_.empty();
    order.answers = order_.search.thoroughness == thoroughness::thorough ? 3 : 1;
    order.require_recall = order_.require_recall;
    for (auto const& each : guesses_)
        if (wanted.context == each.context)
            order.memory = each.memory;

    auto const ended = co_await prober_.run(std::move(order));
    lease_.working({});
    if (!ended.dirt.empty() && !ended.host_gone) {
        narrator_.says(fmt::format("{} could not be unloaded: {}", at.key, ended.dirt));
        if (std::ranges::find(dirty_, at.key) == dirty_.end())
            dirty_.push_back(at.key);
        house_.keep(ended.row.instance);
    }
    if (!ended.newcomers.empty()) {
        auto const end = co_await make_room(ended.newcomers, true);
        co_return end;
    }
    narrator_.probed(at, ended.row);
    if (ended.host_gone) {
        auto const end = co_await await_host();
        co_return end;
    }
    switch (ended.row.outcome) {
    case outcome::refused:
        narrator_.says("the host refuses the token: " + ended.row.error +
                       ". Set api_token of this upstream to one that may load and unload models");
        co_return run_end::failed;
    case outcome::host_down: {
        auto const end = co_await await_host();
        co_return end;
    }
    case outcome::interrupted:
        if (prober_.stopped() && !interrupted_)
            co_await yield_host();
        break;
    default:
        break;
    }
    co_return std::nullopt;
}

net::task<runner::maybe_end> runner::have_host() {
    if (!lease_.held()) {
        bool const ours = co_await lease_.acquire(order_.rules.wait);
        if (interrupted_)
            co_return run_end::interrupted;
        if (!ours) {
            narrator_.says(lease_.failure());
            co_return run_end::busy;
        }
        cleared_ = false;
        prober_.go_on();
    }
    if (cleared_)
        co_return std::nullopt;
    auto const listed = co_await machine_.list(order_.limits.list);
    auto const end = co_await make_room(listed.loaded(), false);
    cleared_ = !end.has_value();
    co_return end;
}

net::task<runner::maybe_end> runner::make_room(std::vector<loaded_instance> loaded, bool new_ones) {
    using cleared = housekeeper::cleared;
    auto const result = co_await house_.clear(std::move(loaded), run_, new_ones);
    // A ^C at the question was not heard yet: nothing else ran while it was open.
    if (result == cleared::refused)
        co_await machine_.wait(signal_look);
    if (interrupted_)
        co_return run_end::interrupted;
    switch (result) {
    case cleared::yes:
        co_return std::nullopt;
    case cleared::busy:
        narrator_.says("the models that are loaded stayed busy: try again later, or with --keep");
        co_return run_end::busy;
    case cleared::refused:
        narrator_.says("nothing was unloaded. --keep tests beside what is loaded");
        co_return run_end::usage;
    case cleared::unasked:
        narrator_.says("models are loaded, and there is no terminal to ask whether they may be "
                       "unloaded: give --yes, or --keep to test beside them");
        co_return run_end::usage;
    case cleared::failed:
        break;
    }
    co_return run_end::failed;
}

net::task<runner::maybe_end> runner::await_host() {
    auto const until = machine_.now() + order_.rules.wait;
    narrator_.says("the host does not answer: waiting for it");
    while (!interrupted_) {
        auto const listed = co_await machine_.list(order_.limits.list);
        if (listed.error.empty()) {
            bool const clean = co_await house_.unload_leftovers();
            if (!clean)
                co_return run_end::failed;
            cleared_ = false;
            co_return std::nullopt;
        }
        if (machine_.now() >= until) {
            narrator_.says("the host did not come back in time: " + listed.error +
                           ". Run the command again once it is up; nothing is lost");
            co_return run_end::failed;
        }
        co_await machine_.wait(host_look);
    }
    co_return run_end::interrupted;
}

net::task<void> runner::yield_host() {
    auto const models = lease_.wanted();
    narrator_.yields(models);
    // A request that names no model may use any.
    bool const any = std::ranges::find(models, "") != models.end();
    bool const whole = co_await house_.put_back(any ? nullptr : &models);
    (void)whole; // said, and tried again at the end
    co_await lease_.release();
    if (!interrupted_)
        co_await machine_.wait(order_.rules.quiet);
}

} // namespace secondwind::lab
