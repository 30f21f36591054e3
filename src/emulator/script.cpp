#include <secondwind/emulator/script.hpp>

#include <algorithm>

namespace secondwind::emulator {

namespace {

template<class T>
std::optional<T> take(std::deque<T>& queue) {
    if (queue.empty())
        return std::nullopt;
    std::optional<T> first{std::move(queue.front())};
    queue.pop_front();
    return first;
}

} // namespace

breakdown breakdown::out_of_memory() {
    return {0, "CUDA error: out of memory"};
}

breakdown breakdown::engine_out_of_memory() {
    return {0, "Engine protocol predict stream returned an error: "
               R"({"code":500,"message":"CUDA error: out of memory","type":"server_error"})"};
}

canned canned::reply(unsigned status, std::string content_type, std::string body) {
    return {kind::answer, status, std::move(content_type), std::move(body), then::keep};
}

canned canned::json(unsigned status, std::string body) {
    return reply(status, "application/json; charset=utf-8", std::move(body));
}

canned canned::events(std::string body) {
    return reply(200, "text/event-stream", std::move(body));
}

canned canned::bytes(std::string raw, then afterwards) {
    return {kind::bytes, 0, {}, std::move(raw), afterwards};
}

canned canned::close() {
    return bytes({}, then::close);
}

canned canned::reset() {
    return bytes({}, then::reset);
}

void script::answer_next(std::string const& path, canned answer, std::size_t times) {
    auto& queue = answers_[path];
    queue.insert(queue.end(), times, answer);
    changed_();
}

void script::fail_next_unload(unsigned status, std::string body) {
    unload_failures_.emplace_back(status, std::move(body));
    changed_();
}

void script::fail_unload_of(std::string const& id, unsigned status, std::string body) {
    unload_failures_of_[id] = {status, std::move(body)};
    changed_();
}

void script::hold_loads_of(std::string const& key) {
    loads_of_.insert(key);
    changed_();
}

void script::release_loads() {
    loads_of_.clear();
    set(loads_held_, false);
}

void script::break_next_generation(breakdown failure) {
    breakdowns_.push_back(std::move(failure));
    changed_();
}

void script::break_generations_for(std::string text, breakdown failure) {
    lasting_breakdowns_.emplace_back(std::move(text), std::move(failure));
    changed_();
}

void script::say_to(std::string text, reply said, std::size_t times) {
    replies_.push_back({std::move(text), std::move(said), times});
    changed_();
}

void script::delay_calls(std::string const& path, std::chrono::milliseconds delay,
                         std::size_t times) {
    delays_[path] = {delay, times};
    changed_();
}

void script::fail_operations(std::string const& endpoint, operation_failure failure,
                             std::size_t times) {
    auto& queue = operation_failures_[endpoint];
    queue.insert(queue.end(), times, failure);
    changed_();
}

void script::send_before_errors(std::size_t packets) {
    packets_before_errors_ = packets;
    changed_();
}

void script::hold_calls(std::string const& path) {
    calls_held_.insert(path);
    changed_();
}

void script::release_calls(std::string const& path) {
    calls_held_.erase(path);
    changed_();
}

void script::hold_generations_of(std::string const& key, std::size_t after_tokens) {
    generations_of_[key] = after_tokens;
    changed_();
}

void script::release_generations_of(std::string const& key) {
    generations_of_.erase(key);
    changed_();
}

void script::hold_generations(std::size_t after_tokens) {
    generations_held_ = after_tokens;
    changed_();
}

void script::release_generations() {
    generations_held_.reset();
    generations_of_.clear();
    changed_();
}

void script::clear() {
    answers_.clear();
    unload_failures_.clear();
    unload_failures_of_.clear();
    loads_of_.clear();
    breakdowns_.clear();
    lasting_breakdowns_.clear();
    replies_.clear();
    delays_.clear();
    operation_failures_.clear();
    packets_before_errors_.reset();
    calls_held_.clear();
    loads_held_ = false;
    unloads_held_ = false;
    memory_held_ = false;
    generations_held_.reset();
    generations_of_.clear();
    changed_();
}

std::optional<canned> script::take_answer(std::string_view path) {
    auto const at = answers_.find(path);
    if (at == answers_.end())
        return std::nullopt;
    return take(at->second);
}

std::optional<std::pair<unsigned, std::string>> script::take_unload_failure(std::string_view id) {
    auto const at = unload_failures_of_.find(id);
    if (at != unload_failures_of_.end()) {
        auto failure = std::move(at->second);
        unload_failures_of_.erase(at);
        return failure;
    }
    return take(unload_failures_);
}

std::optional<breakdown> script::take_breakdown() {
    return take(breakdowns_);
}

std::optional<breakdown> script::breakdown_for(std::string_view body) const {
    for (auto const& [text, failure] : lasting_breakdowns_)
        if (body.find(text) != std::string_view::npos)
            return failure;
    return std::nullopt;
}

std::optional<reply> script::take_reply(std::string_view body,
                                        std::vector<std::string> const& tools) {
    auto is_offered = [&](reply::tool_call const& call) {
        return std::ranges::find(tools, call.tool) != tools.end();
    };
    auto const at = std::ranges::find_if(replies_, [&](expected_request const& e) {
        return body.find(e.text) != std::string_view::npos &&
               std::ranges::all_of(e.said.calls, is_offered);
    });
    if (at == replies_.end())
        return std::nullopt;
    auto said = at->said;
    if (--at->times == 0)
        replies_.erase(at);
    return said;
}

std::optional<operation_failure> script::take_operation_failure(std::string_view endpoint) {
    auto const at = operation_failures_.find(endpoint);
    return at == operation_failures_.end() ? std::nullopt : take(at->second);
}

std::chrono::milliseconds script::take_delay(std::string_view path) {
    auto const at = delays_.find(path);
    if (at == delays_.end())
        return std::chrono::milliseconds{0};
    auto const by = at->second.by;
    if (--at->second.times == 0)
        delays_.erase(at);
    return by;
}

bool script::generation_held(std::string_view key, std::size_t tokens) const noexcept {
    if (generations_held_ && tokens >= *generations_held_)
        return true;
    auto const at = generations_of_.find(key);
    return at != generations_of_.end() && tokens >= at->second;
}

void script::set(bool& held, bool value) {
    held = value;
    changed_();
}

} // namespace secondwind::emulator
