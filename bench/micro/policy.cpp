#include "messages.hpp"
#include "suite.hpp"

#include <secondwind/policy/classify.hpp>
#include <secondwind/policy/plan.hpp>
#include <secondwind/policy/tail_watch.hpp>

namespace secondwind::bench {

namespace {

using policy::verdict;

constexpr std::size_t bound = 64 * 1024;
constexpr std::size_t many = 16;

void add_classifier(suite& parts, std::string const& name, int status,
                    std::string_view content_type, std::string_view body, verdict right) {
    parts.add(
        name, {body.size()},
        [=] {
            policy::classifier classify{status, content_type, bound};
            if (!classify.push(body)) {
                classify.finish();
            }
            return classify.result();
        },
        [right](policy::judgement const& made) { return made.verdict == right; });
}

void add_tail_watch(suite& parts, std::string const& name, std::size_t events) {
    auto const read = repeated(event, events);
    parts.add(
        name, {read.size(), events},
        [read, watch = policy::tail_watch{}]() mutable {
            watch.push(read);
            return watch.found().has_value();
        },
        [](bool found) { return !found; });
}

// The measurement only counts if the watch finds its error.
void add_telling_tail(suite& parts) {
    auto const read = "data: " + std::string{memory_error} + "\n\n";
    parts.add(
        "tail_watch/memory_error", {read.size()},
        [read] {
            policy::tail_watch watch;
            watch.push(read);
            return watch.found();
        },
        [](auto const& found) { return found && found->verdict == verdict::load_refused; });
}

// Eight models, of which one is pinned, one in use and one a duplicate.
std::vector<policy::loaded_instance> eight_instances() {
    std::vector<policy::loaded_instance> loaded;
    for (auto const* key : {"qwen/qwen3-coder-30b", "openai/gpt-oss-20b", "google/gemma-3-27b",
                            "mistralai/devstral-small-2507", "text-embedding-nomic-embed-text-v1.5",
                            "deepseek/deepseek-r1-0528-qwen3-8b", "meta/llama-3.3-70b"}) {
        lmstudio::instance one;
        one.id = one.model = key;
        one.size_bytes = 12'000'000'000;
        one.last_used_ms = 1'789'742'286'000 - static_cast<std::int64_t>(loaded.size()) * 60'000;
        one.doing = lmstudio::activity::idle;
        one.jit = true;
        loaded.push_back({one});
    }
    loaded[1].used_here = true;
    loaded.push_back(loaded.front());
    loaded.back().instance.id += ":2";
    return loaded;
}

void add_plan(suite& parts, std::string const& name, policy::stage stage, std::size_t victims) {
    static std::vector<std::string> const pinned{"text-embedding-*"};
    auto const loaded = eight_instances();
    policy::plan_request request;
    request.verdict = verdict::load_refused;
    request.wanted = {lmstudio::match::found, "openai/gpt-oss-120b", {}};
    request.need = 22'550'000'000;
    request.size = 20'500'000'000;
    request.stage = stage;
    request.pinned = &pinned;
    parts.add(
        name, {0}, [=] { return policy::make_plan(request, loaded); },
        [victims](policy::plan const& made) {
            return made.reason == policy::plan_reason::unload && made.victims.size() == victims &&
                   made.victims.front().id == "qwen/qwen3-coder-30b:2";
        });
}

} // namespace

void add_policy(suite& parts) {
    add_classifier(parts, "classifier/healthy_json", 200, "application/json", chat_answer,
                   verdict::healthy);
    add_classifier(parts, "classifier/healthy_stream", 200, "text/event-stream", event,
                   verdict::healthy);
    add_classifier(parts, "classifier/memory_error", 400, "application/json", memory_error,
                   verdict::load_refused);
    add_tail_watch(parts, "tail_watch/event", 1);
    add_tail_watch(parts, "tail_watch/16_events", many);
    add_telling_tail(parts);
    add_plan(parts, "make_plan/idle_of_8", policy::stage::everything_idle, 6);
    add_plan(parts, "make_plan/enough_of_8", policy::stage::enough, 2);
}

} // namespace secondwind::bench
