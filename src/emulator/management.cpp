#include "management.hpp"
#include "dialect.hpp"
#include "listings.hpp"
#include "load.hpp"

#include <optional>

namespace secondwind::emulator {

namespace {

std::optional<std::string> member(json const& document, char const* name) {
    if (!document.is_object())
        return std::nullopt;
    auto const at = document.find(name);
    if (at == document.end() || !at->is_string())
        return std::nullopt;
    return at->get<std::string>();
}

answer missing(std::string_view field) {
    return rest_error(400, "invalid_request", "Missing required field '" + std::string{field} + "'",
                      "missing_required_parameter", field);
}

answer unknown_model(std::string_view field) {
    return rest_error(404, "model_not_found", "No model found that fits the query",
                      "model_not_found", field);
}

} // namespace

asio::awaitable<void> load_model(std::shared_ptr<machine> m, responder& out, std::string body) {
    auto const asked = json::parse(body, nullptr, false);
    auto const key = member(asked, "model");
    if (!key) {
        co_await out.send(missing("model"));
        co_return;
    }
    auto const* known = m->models.find_model(*key);
    if (known == nullptr) {
        co_await out.send(unknown_model("model"));
        co_return;
    }
    auto const begun = m->begin_load(*known, load_reason::by_hand);
    if (!begun) {
        auto const cause = refusal_cause(m->how.refusal, known->size_bytes);
        co_await out.send(rest_error(500, "model_load_failed", rest_refusal(*known, cause)));
        co_return;
    }
    auto const end = co_await await_load(m, *begun, out.client());
    if (end == load_end::abandoned)
        co_return;
    auto const echo = asked.find("echo_load_config");
    bool const echoes = echo != asked.end() && echo->is_boolean() && echo->get<bool>();
    auto const took = static_cast<double>(m->how.load_time.count()) / 1000.0;
    co_await out.send(pretty(200, v1_loaded(*begun, took, echoes)));
}

asio::awaitable<void> unload_model(std::shared_ptr<machine> m, responder& out, std::string body) {
    auto const id = member(json::parse(body, nullptr, false), "instance_id");
    if (!id) {
        co_await out.send(missing("instance_id"));
        co_return;
    }
    auto released = [m = m.get()] { return !m->told.unloads_held() || m->stopping; };
    co_await m->changed.until(released);

    auto const* target = m->models.find_instance(*id);
    if (target == nullptr || target->state != instance_state::loaded) {
        co_await out.send(unknown_model("instance_id"));
        co_return;
    }
    if (auto failure = m->told.take_unload_failure()) {
        auto said = canned::json(failure->first, std::move(failure->second));
        co_await out.send(std::move(said));
        co_return;
    }
    m->unload(*id);
    co_await out.send(pretty(200, v1_unloaded(*id)));
}

} // namespace secondwind::emulator
