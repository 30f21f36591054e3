#include "outcome.hpp"

#include <secondwind/base/escape.hpp>
#include <secondwind/policy/signature.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace secondwind::lab {
namespace {

using policy::error_detail;
using policy::verdict;
using registry::outcome;

constexpr int unauthorized = 401;
constexpr int forbidden = 403;
constexpr int first_server_error = 500;
constexpr int bad_gateway = 502;
constexpr int gateway_timeout = 504;

judged with_error(outcome o, std::string_view error) {
    return {o, std::string{beginning_of(error, registry::longest_error)}};
}

// LM Studio answers in JSON; a page is of what stands before it, or of its last moments.
bool is_error_page(int status, std::string_view error) noexcept {
    auto const begin = error.find_first_not_of(" \t\r\n");
    return (status >= bad_gateway && status <= gateway_timeout) ||
           (status >= first_server_error && begin != error.npos && error[begin] == '<');
}

// What says nothing about the model; nothing if the host has answered.
std::optional<outcome> judge_call(call_end end, int status, std::string_view error) {
    switch (end) {
    case call_end::unreachable:
        return outcome::host_down;
    case call_end::cut:
        return outcome::crash;
    case call_end::timeout:
        return outcome::timeout;
    case call_end::cancelled:
        return outcome::interrupted;
    case call_end::answered:
        break;
    }
    if (status == unauthorized || status == forbidden)
        return outcome::refused;
    if (is_error_page(status, error))
        return outcome::host_down;
    return std::nullopt;
}

outcome judge_load_error(std::string_view error, int status, bool above_a_good_size) {
    auto const detail = policy::detail_of(error);
    switch (policy::judge_message(error, status)) {
    case verdict::load_refused:
        return detail == error_detail::guardrail ? outcome::guardrail : outcome::memory;
    case verdict::insufficient_memory:
        return outcome::memory;
    case verdict::suspected_memory:
        return above_a_good_size ? outcome::memory : outcome::load_failed;
    case verdict::cache_corruption:
        return outcome::cache_corruption;
    case verdict::unloaded_in_flight:
        return outcome::unloaded;
    case verdict::model_crash:
        return outcome::crash;
    case verdict::healthy:
    case verdict::other_error:
        break;
    }
    return detail == error_detail::unsupported ? outcome::unsupported : outcome::load_failed;
}

outcome judge_answer_error(std::string_view error, int status) {
    auto const detail = policy::detail_of(error);
    // The instance is gone, and LM Studio did not find it or tried to load another one.
    if (detail == error_detail::no_model || detail == error_detail::guardrail)
        return outcome::unloaded;
    switch (policy::judge_message(error, status)) {
    case verdict::load_refused:
    case verdict::insufficient_memory:
    case verdict::suspected_memory:
        return outcome::memory;
    case verdict::cache_corruption:
        return outcome::cache_corruption;
    case verdict::unloaded_in_flight:
        return outcome::unloaded;
    case verdict::model_crash:
        return outcome::crash;
    case verdict::healthy:
    case verdict::other_error:
        break;
    }
    return detail == error_detail::overflow ? outcome::overflow : outcome::bad_answer;
}

} // namespace

judged judge_load(load_answer const& answer, std::optional<std::int64_t> asked,
                  std::optional<std::int64_t> worked) {
    if (auto const o = judge_call(answer.end, answer.status, answer.error))
        return with_error(*o, answer.error);
    if (answer.error.empty())
        return {};
    bool const above = asked && worked && *asked > *worked;
    return with_error(judge_load_error(answer.error, answer.status, above), answer.error);
}

bool has_loaded_nothing(load_answer const& answer) noexcept {
    return answer.end == call_end::answered && !answer.error.empty() && answer.instance.empty() &&
           !is_error_page(answer.status, answer.error);
}

judged judge_context(std::optional<std::int64_t> asked, std::optional<std::int64_t> effective) {
    constexpr std::int64_t rounding = 256;
    if (!asked || !effective || (*effective >= *asked && *effective - *asked < rounding))
        return {};
    return {outcome::context_changed};
}

bool may_be_of(registry::probe const& probe, loaded_instance const& one, std::string const& key,
               std::set<std::string> const& others) {
    return one.model == key && !one.just_in_time && !others.contains(one.id) &&
           judge_context(probe.asked, one.context).outcome == registry::outcome::good;
}

judged judge_chat(chat_answer const& answer, std::string const& instance, prompt const& sent,
                  std::int64_t tokens_sent, bool filled, bool require_recall) {
    if (auto const o = judge_call(answer.end, answer.status, answer.error))
        return with_error(*o, answer.error);
    if (!answer.error.empty())
        return with_error(judge_answer_error(answer.error, answer.status), answer.error);
    if (!answer.complete)
        return with_error(outcome::crash, "the answer ended early");
    if (!answer.instance.empty() && answer.instance != instance)
        return with_error(outcome::unloaded, "another instance has answered: " + answer.instance);

    bool const is_empty = answer.output_tokens ? *answer.output_tokens < 1 : answer.text.empty();
    if (is_empty)
        return with_error(outcome::bad_answer, "the answer is empty");
    auto const codes = recalled(sent, answer.text);
    if (filled) {
        constexpr double least_part = 0.9;
        bool const is_short =
            answer.input_tokens
                ? static_cast<double>(*answer.input_tokens) <
                      least_part * static_cast<double>(tokens_sent)
                // Not counted: the first code is what a prompt that is cut loses.
                : codes == registry::recall::last || codes == registry::recall::none;
        if (is_short)
            return with_error(outcome::truncated, "the model has not read the whole prompt");
    }
    if (require_recall && codes != registry::recall::both)
        return with_error(outcome::bad_answer, "the answer does not repeat both codes");
    return {};
}

judged judge_embedding(embedding_answer const& answer) {
    if (auto const o = judge_call(answer.end, answer.status, answer.error))
        return with_error(*o, answer.error);
    if (!answer.error.empty())
        return with_error(judge_answer_error(answer.error, answer.status), answer.error);
    if (answer.vector.empty())
        return with_error(outcome::bad_answer, "the answer has no vector");
    if (!std::ranges::all_of(answer.vector, [](double v) { return std::isfinite(v); }))
        return with_error(outcome::bad_answer, "the vector has numbers that are not finite");
    if (std::ranges::all_of(answer.vector, [](double v) { return v == 0; }))
        return with_error(outcome::bad_answer, "the vector is all zero");
    return {};
}

outcome judge_leftover(bool host_is_here, std::string const& boot_then,
                       std::string const& boot_now) noexcept {
    return host_is_here && boot_then != boot_now ? outcome::machine_lost : outcome::interrupted;
}

bool says_something(outcome o) noexcept {
    return o != outcome::running && o != outcome::unloaded && o != outcome::interrupted &&
           o != outcome::refused;
}

bool is_bad(outcome o) noexcept {
    return says_something(o) && o != outcome::good && o != outcome::context_changed;
}

bool needs_confirmation(outcome o) noexcept {
    return o == outcome::cache_corruption || o == outcome::crash || o == outcome::load_failed ||
           o == outcome::host_down;
}

} // namespace secondwind::lab
