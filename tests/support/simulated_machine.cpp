#include "support/simulated_machine.hpp"

#include <secondwind/net/timed_wait.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace secondwind::test {

using lab::call_end;
using namespace std::chrono_literals;

namespace {

constexpr auto never = std::chrono::hours{24 * 300};

// The codes of six digits in a prompt, in the order in which they stand there.
std::string codes_in(std::string const& text) {
    std::string found;
    std::size_t digits = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        bool const digit = i < text.size() && text[i] >= '0' && text[i] <= '9';
        if (!digit && digits == 6)
            found += text.substr(i - 6, 6) + " ";
        digits = digit ? digits + 1 : 0;
    }
    return found;
}

} // namespace

net::task<call_end> simulated_machine::spend(milliseconds span, milliseconds limit) {
    if (dead_) {
        loading_.clear();
        throw killed{};
    }
    bool const late = span > limit;
    net::timed_wait pause{woken_, time_.deadlines(), std::min(span, limit)};
    bool const woken = co_await pause;
    if (dead_) {
        loading_.clear();
        throw killed{};
    }
    if (woken)
        co_return call_end::cancelled;
    if (down())
        co_return call_end::unreachable;
    co_return late ? call_end::timeout : call_end::answered;
}

registry::time_point simulated_machine::wall_clock() const noexcept {
    return registry::time_point{std::chrono::hours{24 * 365 * 50}} + time_.elapsed();
}

simulated_model const* simulated_machine::find(std::string const& key) const {
    auto const found = std::ranges::find(models_, key, &simulated_model::key);
    return found == models_.end() ? nullptr : &*found;
}

simulated_machine::instance* simulated_machine::find_instance(std::string const& id) {
    auto const found = std::ranges::find(instances_, id, &instance::id);
    return found == instances_.end() ? nullptr : &*found;
}

std::int64_t simulated_machine::need(simulated_model const& model, std::int64_t context) const {
    return model.size + context * model.bytes_per_token;
}

std::int64_t simulated_machine::used() const {
    std::int64_t sum = 0;
    for (auto const& each : instances_)
        sum += need(*find(each.model), each.context);
    return sum;
}

std::int64_t simulated_machine::true_maximum(simulated_model const& of) const {
    bool const broken = of.fault == machine_fault::corrupt || of.fault == machine_fault::crashes ||
                        of.fault == machine_fault::hangs || of.fault == machine_fault::cuts;
    auto const room =
        static_cast<std::int64_t>(static_cast<double>(memory_) / std::max(estimate_factor, 1.0)) -
        of.size;
    if (broken || room < 0)
        return 0;
    return std::min(of.max_context,
                    of.bytes_per_token == 0 ? of.max_context : room / of.bytes_per_token);
}

bool simulated_machine::fits(std::string const& key) const {
    auto const& model = *find(key);
    auto const wanted = static_cast<double>(need(model, model.default_context));
    return wanted * std::max(estimate_factor, 1.0) + static_cast<double>(used()) <=
           static_cast<double>(memory_);
}

std::string simulated_machine::free_id(std::string const& key) {
    auto id = key;
    for (int n = 2; find_instance(id) != nullptr; ++n)
        id = fmt::format("{}:{}", key, n);
    return id;
}

void simulated_machine::remove(std::string const& id) {
    ++removals_[id];
    std::erase_if(instances_, [&](auto const& each) { return each.id == id; });
}

bool simulated_machine::others_load(std::string const& key, std::int64_t context,
                                    bool just_in_time) {
    auto const& model = *find(key);
    // Whose instance it is could not be told apart: the lab does not know the id of its own yet.
    if (down() || loading_.contains(key) || used() + need(model, context) > memory_)
        return false;
    instances_.push_back({free_id(key), key, context, just_in_time, false, {}});
    return true;
}

void simulated_machine::others_unload(std::string const& id) {
    remove(id);
}

void simulated_machine::use(std::string const& id, milliseconds span) {
    if (auto* const one = find_instance(id))
        one->busy_until = now() + span;
}

void simulated_machine::go_down(milliseconds span) {
    instances_.clear();
    down_until_ = now() + span;
}

void simulated_machine::kill() {
    dead_ = true;
    woken_.open();
}

void simulated_machine::cancel() noexcept {
    woken_.open();
}

net::task<void> simulated_machine::wait(milliseconds span) {
    auto const end = co_await spend(span, never);
    static_cast<void>(end);
}

net::task<lab::listing> simulated_machine::list(milliseconds limit) {
    lab::listing out;
    out.end = co_await spend(5ms, limit);
    if (out.end != call_end::answered) {
        out.error = "connection refused";
        co_return out;
    }
    out.status = 200;
    loading_.clear();
    for (auto const& model : models_) {
        lab::listed_model one;
        one.facts.key = model.key;
        one.facts.type = model.type;
        one.facts.size = model.size;
        one.facts.max_context = model.max_context;
        for (auto const& each : instances_)
            if (each.model == model.key) {
                lab::loaded_instance loaded;
                loaded.id = each.id;
                loaded.model = each.model;
                loaded.context = each.context;
                loaded.just_in_time = each.just_in_time;
                loaded.config = fmt::format(R"({{"context_length":{}}})", each.context);
                one.loaded.push_back(std::move(loaded));
            }
        out.models.push_back(std::move(one));
    }
    co_return out;
}

net::task<lab::load_answer> simulated_machine::load(lab::load_request request, milliseconds limit) {
    lab::load_answer out;
    auto const* const model = find(request.model);
    bool const again = request.config != "{}";
    auto context = request.context.value_or(model->default_context);
    if (again)
        context = std::stoll(request.config.substr(request.config.find("length\":") + 8));
    auto const estimated =
        static_cast<double>(need(*model, context)) * estimate_factor + static_cast<double>(used());
    if (estimated > static_cast<double>(memory_)) {
        out.end = co_await spend(20ms, limit);
        out.status = 500;
        out.error = fmt::format(
            "Failed to load LLM '{}': Error: Model loading was stopped due to insufficient system "
            "resources. Under the current settings, this model requires approximately {:.2f} GB of "
            "memory, and continuing to load it would likely overload your system",
            model->key, static_cast<double>(need(*model, context)) * estimate_factor / 1e9);
        co_return out;
    }
    loads_ += again ? 0 : 1;
    milliseconds const takes = 200ms + milliseconds{model->size / 2'000'000};
    bool const hangs = model->fault == machine_fault::hangs && !again;
    loading_.insert(model->key);
    out.end = co_await spend(hangs ? milliseconds{never} : takes, limit);
    if (out.end != call_end::answered) {
        out.error = "the load did not end";
        co_return out; // LM Studio aborts it; the lab looks what there is
    }
    loading_.erase(model->key);
    out.status = 500;
    if (model->fault == machine_fault::crashes && !again) {
        out.error = "The model has crashed without additional information. (Exit code: 6)";
        co_return out;
    }
    if (used() + need(*model, context) > memory_) {
        out.error =
            fmt::format("Failed to load model \"{}\". Error: Failed to load model.", model->key);
        co_return out;
    }
    out.status = 200;
    out.instance = free_id(model->key);
    out.context = context;
    out.seconds = std::chrono::duration<double>(takes).count();
    instances_.push_back({out.instance, model->key, context, false, !again, {}});
    on_event(fmt::format("the lab loads {}{}", out.instance, again ? " again" : ""));
    co_return out;
}

net::task<std::string> simulated_machine::describe(std::string id, milliseconds limit) {
    auto const end = co_await spend(5ms, limit);
    auto const* const one = find_instance(id);
    if (end != call_end::answered || one == nullptr || !tells_loads)
        co_return std::string{};
    co_return fmt::format(R"({{"context_length":{},"id":"{}","model":"{}"}})", one->context, id,
                          one->model);
}

net::task<lab::load_answer> simulated_machine::load_again(std::string description,
                                                          milliseconds limit) {
    auto const text_in = [&description](std::string const& name) {
        auto const begin = description.find("\"" + name + "\":\"") + name.size() + 4;
        return description.substr(begin, description.find('"', begin) - begin);
    };
    auto const id = text_in("id");
    lab::load_answer out;
    out.offered = loads_again;
    if (!loads_again) {
        out.error = "it does not know that call";
        co_return out;
    }
    if (find_instance(id) != nullptr) {
        out.error = "the identifier is in use";
        co_return out;
    }
    lab::load_request request;
    request.model = text_in("model");
    request.config = description;
    out = co_await load(std::move(request), limit);
    if (out.error.empty()) {
        find_instance(out.instance)->id = id;
        out.instance = id;
    }
    co_return out;
}

net::task<lab::chat_answer> simulated_machine::chat(lab::chat_request request, milliseconds,
                                                    milliseconds limit) {
    lab::chat_answer out;
    auto const tokens = static_cast<std::int64_t>(request.input.size() / 4);
    auto const removals = removals_[request.instance];
    out.end = co_await spend(100ms + milliseconds{tokens}, limit);
    if (out.end != call_end::answered) {
        out.error = "the answer did not end";
        co_return out;
    }
    out.status = 400;
    auto const* const one = find_instance(request.instance);
    // One that has its id by now is another.
    if (one == nullptr || removals_[request.instance] != removals) {
        out.error = "Model unloaded.";
        co_return out;
    }
    auto const& model = *find(one->model);
    if (model.fault == machine_fault::corrupt) {
        out.error = "Unable to reuse from cache: llama_memory is null";
        co_return out;
    }
    if (tokens + request.output > one->context) {
        out.error = "Context size has been exceeded.";
        co_return out;
    }
    out.status = 200;
    if (model.fault == machine_fault::cuts) {
        out.end = call_end::cut;
        out.error = "closed the connection in the middle of the answer";
        co_return out;
    }
    out.complete = true;
    out.instance = request.instance;
    out.text = codes_in(request.input);
    out.input_tokens = tokens;
    out.output_tokens = request.output;
    out.tps = 40;
    out.ttft = static_cast<double>(tokens) / 1000;
    co_return out;
}

net::task<lab::embedding_answer> simulated_machine::embed(std::string id, std::string,
                                                          milliseconds limit) {
    lab::embedding_answer out;
    auto const removals = removals_[id];
    out.end = co_await spend(50ms, limit);
    if (out.end == call_end::answered && find_instance(id) != nullptr &&
        removals_[id] == removals) {
        out.status = 200;
        out.vector = {0.25, -0.5, 1};
    } else {
        out.status = 400;
        out.error = out.end == call_end::answered ? "Model unloaded." : "no answer";
    }
    co_return out;
}

net::task<lab::unload_answer> simulated_machine::unload(std::string id, milliseconds limit) {
    lab::unload_answer out;
    out.end = co_await spend(10ms, limit);
    if (out.end != call_end::answered) {
        out.error = "no answer";
        co_return out;
    }
    auto const* const one = find_instance(id);
    out.gone = true;
    out.found = one != nullptr;
    out.status = 200;
    on_event("the lab unloads " + id);
    if (one != nullptr && find(one->model)->fault != machine_fault::keeps_instance)
        remove(id);
    co_return out;
}

net::task<lab::activity> simulated_machine::activity(std::vector<lab::loaded_instance> loaded,
                                                     milliseconds limit) {
    auto const end = co_await spend(5ms, limit);
    lab::activity out;
    out.loaded = std::move(loaded);
    out.known = end == call_end::answered;
    for (auto& each : out.loaded)
        if (auto const* const one = find_instance(each.id); one && out.known)
            each.busy = one->busy_until > now();
    co_return out;
}

net::task<std::optional<lab::estimate>> simulated_machine::guess(lab::load_request request,
                                                                 milliseconds limit) {
    auto const end = co_await spend(5ms, limit);
    std::optional<lab::estimate> found;
    if (end != call_end::answered || !estimates)
        co_return found;
    auto const& model = *find(request.model);
    found.emplace();
    found->context = *request.context;
    auto const wanted = static_cast<double>(need(model, *request.context)) * estimate_factor;
    found->memory = static_cast<std::int64_t>(wanted);
    found->passes = wanted + static_cast<double>(used()) <= static_cast<double>(memory_);
    co_return found;
}

net::task<std::string> simulated_machine::version(milliseconds limit) {
    auto const end = co_await spend(5ms, limit);
    co_return end == call_end::answered ? "0.4.25" : "";
}

} // namespace secondwind::test
