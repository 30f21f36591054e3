#include <secondwind/emulator/script.hpp>

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

void script::break_next_generation(breakdown failure) {
    breakdowns_.push_back(std::move(failure));
    changed_();
}

void script::hold_generations(std::size_t after_tokens) {
    generations_held_ = after_tokens;
    changed_();
}

void script::release_generations() {
    generations_held_.reset();
    changed_();
}

void script::clear() {
    answers_.clear();
    unload_failures_.clear();
    breakdowns_.clear();
    loads_held_ = false;
    unloads_held_ = false;
    generations_held_.reset();
    changed_();
}

std::optional<canned> script::take_answer(std::string_view path) {
    auto const at = answers_.find(path);
    if (at == answers_.end())
        return std::nullopt;
    return take(at->second);
}

std::optional<std::pair<unsigned, std::string>> script::take_unload_failure() {
    return take(unload_failures_);
}

std::optional<breakdown> script::take_breakdown() {
    return take(breakdowns_);
}

void script::set(bool& held, bool value) {
    held = value;
    changed_();
}

} // namespace secondwind::emulator
