#include "prober.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>

namespace secondwind::lab {
namespace {

using registry::outcome;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::int64_t long_filler = 1200;    // tokens, to learn what a line costs
constexpr std::int64_t least_difference = 40; // lines
constexpr milliseconds first_look = 100ms;
constexpr milliseconds longest_look = 2s;
constexpr milliseconds longest_stop = 60s;

std::uint64_t random_nonce() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

void set(registry::probe& row, judged what) {
    row.outcome = what.outcome;
    row.error = std::move(what.error);
}

std::optional<std::int64_t> smaller(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
    if (!a || !b)
        return a ? a : b;
    return std::min(*a, *b);
}

loaded_instance const* find(std::vector<loaded_instance> const& loaded, std::string const& id) {
    auto const found = std::ranges::find(loaded, id, &loaded_instance::id);
    return found == loaded.end() ? nullptr : &*found;
}

judged judge_listing(listing const& listed) {
    if (listed.end == call_end::cancelled)
        return {outcome::interrupted, {}};
    if (listed.status == 401 || listed.status == 403)
        return {outcome::refused, listed.error};
    return {outcome::host_down, listed.error};
}

// "off" keeps a model from spending all of its tokens on thoughts.
std::string reasoning_of(std::vector<std::string> const& allowed) {
    return std::ranges::find(allowed, "off") != allowed.end() ? "off" : "";
}

bool lacks_memory(outcome o) noexcept {
    return o == outcome::guardrail || o == outcome::memory || o == outcome::load_failed;
}

// Somebody else may have loaded the model under the id that became free: with another context it is
// not the probe's.
bool is_of(registry::probe const& probe, loaded_instance const& one, std::string const& key,
           std::set<std::string> const& others) {
    if (probe.instance.empty())
        return may_be_of(probe, one, key, others);
    bool const same = !probe.effective || !one.context || *probe.effective == *one.context;
    return one.id == probe.instance && same;
}

template<class Number>
std::optional<Number> median(std::vector<Number> values) {
    if (values.empty())
        return std::nullopt;
    std::ranges::sort(values);
    return values[values.size() / 2];
}

} // namespace

void prober::stop() noexcept {
    stopped_ = true;
    if (cancellable_)
        machine_.cancel();
}

net::task<probe_end> prober::run(probe_order order) {
    probe_end out;
    auto& row = out.row;
    row = order.row;
    row.asked = order.wanted.context;
    row.filled = order.wanted.fill;
    row.memory = order.memory;
    row.beside.assign(order.known.begin(), order.known.end());
    row.began = machine_.wall_clock();
    row.id = journal_.begin(row);

    cancellable_ = true;
    auto listed = co_await machine_.list(limits_.list);
    bool loads = false; // there may be an instance of this probe
    if (stopped_) {
        row.outcome = outcome::interrupted;
    } else if (!listed.error.empty() || listed.end != call_end::answered) {
        set(row, judge_listing(listed));
    } else {
        for (auto& each : listed.loaded())
            if (!order.known.contains(each.id))
                out.newcomers.push_back(std::move(each));
        loads = out.newcomers.empty();
        if (!loads)
            row.outcome = outcome::interrupted;
    }

    if (loads) {
        load_request request{order.key, order.wanted.context, order.flash_attention,
                             order.kv_on_gpu};
        loading_ = loading{row, order.key, order.known};
        auto const loaded = co_await machine_.load(std::move(request), limits_.load);
        if (stopped_)
            row.outcome = outcome::interrupted;
        else
            set(row, judge_load(loaded, order.wanted.context, order.worked));
        if (order.beside_leftovers && lacks_memory(row.outcome))
            row.outcome = outcome::interrupted;
        row.instance = loaded.instance;
        loading_->row.instance = loaded.instance;
        loads = !has_loaded_nothing(loaded);
        if (row.outcome == outcome::good) {
            row.load = std::clamp(loaded.seconds, 0.0, registry::longest);
            row.effective = loaded.context;
            journal_.note(row);
            listed = co_await machine_.list(limits_.list);
            auto const all = listed.loaded();
            if (auto const* mine = find(all, row.instance))
                row.effective = smaller(loaded.context, mine->context);
            set(row, judge_context(order.wanted.context, row.effective));
        }
        if (stopped_)
            row.outcome = outcome::interrupted;
        if (row.outcome == outcome::good)
            co_await infer(order, row);
    }
    cancellable_ = false;
    row.ended = machine_.wall_clock();
    journal_.end(row);
    // What has its id, or is of its model, from then on is somebody else's.
    if (row.outcome == outcome::unloaded && !row.instance.empty())
        loads = false;
    if (!loads)
        loading_.reset();
    if (loads) {
        loading_->row = row;
        auto const end = co_await clean(row, order.key, order.known, &journal_);
        out.dirt = end.left;
        out.host_gone = host_gone_;
        loading_.reset();
        row.clean = end.acknowledged || end.left.empty();
    } else {
        row.clean = true; // nothing of it is loaded
    }
    if (row.clean)
        journal_.note(row);
    co_return out;
}

net::task<void> prober::infer(probe_order const& order, registry::probe& row) {
    judged result;
    if (order.type == registry::model_type::embedding) {
        result = co_await embed(order, row);
    } else if (order.wanted.fill) {
        result = co_await fill(order, row);
    } else {
        std::vector<double> speeds;
        for (int i = 0; i < order.answers && result.outcome == outcome::good; ++i) {
            result = co_await chat_once(order, row, short_filler, false);
            if (row.tps)
                speeds.push_back(*row.tps);
        }
        row.tps = median(std::move(speeds));
    }
    set(row, std::move(result));
    if (stopped_ && row.outcome != outcome::good)
        row.outcome = outcome::interrupted;
}

net::task<judged> prober::chat_once(probe_order const& order, registry::probe& row,
                                    std::int64_t tokens, bool filled) {
    auto const sent = make_prompt(tokens, line_cost(order.key), random_nonce());
    chat_request request{row.instance, sent.text, reasoning_of(order.reasoning), answer_tokens};
    auto const answer =
        co_await machine_.chat(std::move(request), limits_.silence, limits_.prompt + 2min);
    auto result = judge_chat(answer, row.instance, sent, tokens, filled, order.require_recall);
    if (stopped_ && result.outcome != outcome::good)
        co_return judged{outcome::interrupted, {}};
    row.prompt_tokens = answer.input_tokens;
    row.output_tokens = answer.output_tokens;
    row.tps = answer.tps && *answer.tps >= 0 && *answer.tps <= registry::fastest ? answer.tps
                                                                                 : std::nullopt;
    row.ttft = answer.ttft && *answer.ttft >= 0 && *answer.ttft <= registry::longest ? answer.ttft
                                                                                     : std::nullopt;
    if (result.outcome == outcome::good) {
        row.recall = recalled(sent, answer.text);
    }
    if (answer.input_tokens && !filled)
        calibrate(order.key, sent, *answer.input_tokens);
    co_return result;
}

void prober::calibrate(std::string const& model, prompt sent, std::int64_t tokens) {
    if (calibrated_for_ != model) {
        calibrated_for_ = model;
        shortest_.reset();
        longest_.reset();
    }
    counted_prompt const counted{std::move(sent), tokens};
    if (!shortest_ || counted.sent.lines < shortest_->sent.lines)
        shortest_ = counted;
    if (!longest_ || counted.sent.lines > longest_->sent.lines)
        longest_ = counted;
}

// What surrounds the filler costs something as well, and differs from model to model; so two
// prompts of different length are needed to know what a line costs.
bool prober::is_calibrated(std::string const& model) const {
    return calibrated_for_ == model && longest_ &&
           longest_->sent.lines >= shortest_->sent.lines + least_difference;
}

double prober::line_cost(std::string const& model) const {
    if (is_calibrated(model))
        return static_cast<double>(longest_->tokens - shortest_->tokens) /
               static_cast<double>(longest_->sent.lines - shortest_->sent.lines);
    if (calibrated_for_ == model && longest_)
        return tokens_per_line(longest_->sent, longest_->tokens);
    return default_tokens_per_line;
}

net::task<judged> prober::fill(probe_order const& order, registry::probe& row) {
    judged result;
    // A wrong guess of what a line costs would overflow the context, or leave much of it empty.
    auto const context = row.effective.value_or(order.wanted.context.value_or(short_filler));
    for (auto const size : {short_filler, long_filler}) {
        if (is_calibrated(order.key))
            break;
        result = co_await chat_once(order, row, std::min(size, context / 2), false);
        if (result.outcome != outcome::good)
            co_return result;
    }
    auto tokens = std::min(*order.wanted.fill, fill_for(context, answer_tokens));
    for (int shrunk = 0;; ++shrunk) {
        row.filled = tokens;
        result = co_await chat_once(order, row, tokens, true);
        if (result.outcome != outcome::overflow || shrunk == 2)
            break;
        tokens -= tokens / 20;
    }
    if (result.outcome == outcome::good && row.prompt_tokens)
        row.filled = *row.prompt_tokens;
    co_return result;
}

net::task<judged> prober::embed(probe_order const& order, registry::probe& row) {
    auto const context = row.effective.value_or(order.wanted.context.value_or(short_filler));
    auto const tokens = std::max<std::int64_t>(context * 3 / 4, 1);
    if (row.filled)
        row.filled = tokens;
    auto const began = machine_.now();
    auto const answer = co_await machine_.embed(row.instance, make_text(tokens, random_nonce()),
                                                limits_.prompt + 2min);
    row.ttft = std::chrono::duration<double>(machine_.now() - began).count();
    if (stopped_)
        co_return judged{outcome::interrupted, {}};
    co_return judge_embedding(answer);
}

// Waits until none of them is busy. False if one still is.
net::task<prober::idleness> prober::await_idle(std::vector<loaded_instance> mine) {
    // Whoever presses Ctrl-C does not wait that long.
    auto const until =
        machine_.now() + (stopped_ ? std::min(limits_.wait, longest_stop) : limits_.wait);
    auto idle = idleness::at_once;
    for (auto pause = first_look;; pause = std::min(2 * pause, longest_look)) {
        auto const told = co_await machine_.activity(mine, limits_.list);
        if (told.busy().empty())
            co_return idle;
        if (machine_.now() >= until)
            co_return idleness::never;
        idle = idleness::later;
        co_await machine_.wait(pause);
    }
}

net::task<std::string> prober::clean_up() {
    cancellable_ = false;
    if (!loading_)
        co_return std::string{};
    auto const left = *std::exchange(loading_, std::nullopt);
    auto const end = co_await clean(left.row, left.key, left.others);
    co_return end.left;
}

net::task<cleaned> prober::clean(registry::probe of, std::string key, std::set<std::string> others,
                                 journal* in) {
    auto until = machine_.now() + limits_.unload + limits_.gone;
    cleaned out;
    auto& problem = out.left;
    std::set<std::string> unloaded;
    for (auto pause = first_look;; pause = std::min(2 * pause, longest_look)) {
        auto const listed = co_await machine_.list(limits_.list);
        std::vector<loaded_instance> mine;
        for (auto& each : listed.loaded())
            if (is_of(of, each, key, others))
                mine.push_back(std::move(each));
        host_gone_ = listed.end == call_end::unreachable;
        if (host_gone_) {
            problem = listed.error;
            co_return out;
        }
        bool const known = listed.end == call_end::answered && listed.error.empty();
        if (known && mine.empty()) {
            problem.clear();
            co_return out;
        }
        if (!known) {
            problem = listed.error;
        } else if (!unloaded.contains(mine.front().id)) {
            if (problem.empty()) {
                auto const begun = machine_.now();
                auto const idle = co_await await_idle(mine);
                until += machine_.now() - begun;
                if (idle == idleness::never) {
                    problem = fmt::format("{} is in use", mine.front().id);
                    co_return out;
                }
                // Meanwhile others may have loaded another under the same id.
                if (idle == idleness::later)
                    continue;
            }
            auto const going = mine.front().id;
            auto const answer = co_await machine_.unload(going, limits_.unload);
            if (answer.gone)
                unloaded.insert(going);
            if (answer.gone && going == of.instance) {
                out.acknowledged = true;
                of.clean = true;
                if (in)
                    in->note(of);
            }
            problem = answer.gone ? fmt::format("{} is still listed after its unload", going)
                                  : fmt::format("{}: {}", going, answer.error);
        }
        if (machine_.now() >= until) {
            if (problem.empty())
                problem = "it is still listed";
            co_return out;
        }
        co_await machine_.wait(pause);
    }
}

} // namespace secondwind::lab
