#include <secondwind/policy/signature.hpp>

#include <secondwind/base/pattern.hpp>

#include "own_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace secondwind::policy {
namespace {

constexpr auto other = verdict::other_error;
constexpr auto refused = verdict::load_refused;
constexpr auto memory = verdict::insufficient_memory;
constexpr auto suspected = verdict::suspected_memory;
constexpr auto cache = verdict::cache_corruption;
constexpr auto unloaded = verdict::unloaded_in_flight;
constexpr auto crash = verdict::model_crash;

constexpr std::array table{
    // The request's or the model's own text could not be read; its words come next.
    signature{"failed to parse input at pos", other},
    signature{"failed to parse tool call arguments", other},
    signature{"invalid model identifier", other},
    signature{"is not valid json", other},
    // Deterministic failures whose words or wrappers look like those further down.
    signature{"snapshot of system resources failed", other},
    signature{"failed to load draft model", other},
    signature{"no lm runtime found", other},
    signature{"unknown model architecture", other},
    signature{"missing tensor", other},
    // MLX refuses one array that no amount of free memory would allow.
    signature{"greater than the maximum allowed buffer size", other},
    signature{"rotatingkvcache quantization nyi", other},
    signature{"error rendering prompt with jinja template", other},
    signature{"does not match the expected*format", other},
    signature{"^trying to keep the first", other},
    signature{"loaded with context length of only", other},
    signature{"tokens to keep from the initial prompt", other},
    signature{"context size has been exceeded", other},
    signature{"exceeds the available context size", other},
    signature{"exceed_context_size", other},
    signature{"no models loaded", other},
    signature{"multiple models are loaded", other},
    signature{"no model found that fits", other},
    signature{"add-on is not loaded", other},
    signature{"does not support image inputs", other},
    signature{"lm studio api token", other},
    signature{"^unexpected endpoint or method", other},

    // LM Studio's guardrail, in the wordings of three generations.
    signature{"insufficient system resources", refused},
    signature{"model loading guardrails", refused},
    signature{"would likely overload your system", refused},
    signature{"overloading the system will likely", refused},
    signature{"requires approximately*of memory", refused},
    signature{"not enough resources to load", refused},
    // The engines: CUDA, ROCm, Vulkan, Metal, MLX, and the C++ runtime.
    signature{"out of memory", memory},
    signature{"out_of_memory", memory},
    signature{"outofmemory", memory},
    signature{"outofdevicememory", memory},
    signature{"out_of_device_memory", memory},
    signature{"outofhostmemory", memory},
    signature{"insufficient memory", memory},
    signature{"unable to allocate*buffer", memory},
    signature{"failed to allocate", memory},
    signature{"cublas_status_alloc_failed", memory},
    signature{"cannot allocate memory", memory},
    signature{"not enough memory", memory},
    signature{"not enough vram", memory},
    signature{"memory allocation of size*failed", memory},
    signature{"bad allocation", memory},
    signature{"bad_alloc", memory},
    signature{"metal::malloc", memory},

    signature{"llama_memory is null", cache},
    signature{"unable to reuse from cache", cache},
    signature{"inconsistent sequence positions", cache},
    // MLX's prompt cache lost an array; it stays lost until the model is loaded again.
    signature{"has no attribute 'swapaxes'", cache},

    signature{"model is unloaded", unloaded},
    signature{"model unloaded.", unloaded},
    signature{"model unloaded by user or api request", unloaded},
    signature{"model reloaded.", unloaded},

    // "terminated" and "fetch failed" are words of anybody's; only as the whole text, or at the
    // start, are they those of LM Studio's HTTP client that has lost its engine.
    signature{"model has crashed", crash},
    signature{"has unloaded or crashed", crash},
    signature{"^terminated$", crash},
    signature{"^error: terminated$", crash},
    signature{"^fetch failed", crash},
    signature{"^channel error", crash},
    signature{"engine protocol predict request failed", crash},
    signature{"engine protocol predict stream returned an error", crash},

    // A load that failed without a cause. "error loading model:" with a colon is not among them:
    // there the engine names one.
    signature{"failed to load*error: failed to load model", suspected},
    signature{"startup was aborted", suspected},
    signature{"exited before becoming healthy", suspected},
    signature{"error loading model.", suspected},
    signature{"error loading model$", suspected},
    // llama.cpp's decoder failed in the midst of a batch, and its server's words for that.
    signature{"failed to decode*ret = -3", suspected},
    signature{"compute error.", suspected},
};

// Words of errors that are all `other_error`, and that the lab tells apart.
constexpr std::array<std::string_view, 2> unsupported_words{"no lm runtime found",
                                                            "unknown model architecture"};
constexpr std::array<std::string_view, 7> overflow_words{"trying to keep the first",
                                                         "loaded with context length of only",
                                                         "tokens to keep from the initial prompt",
                                                         "context size has been exceeded",
                                                         "exceeds the available context size",
                                                         "exceed_context_size",
                                                         "context_length_exceeded"};
constexpr std::array<std::string_view, 4> no_model_words{
    "invalid model identifier", "model_not_found", "no models loaded", "no model found that fits"};

// Types and codes that say what kind of error it is, whatever its text says. LM Studio gives
// "invalid_request_error" to refused loads too; an engine does not.
constexpr std::array<std::string_view, 22> structural{"model_not_found",
                                                      "job_not_found",
                                                      "not_found_error",
                                                      "invalid_api_key",
                                                      "authentication_error",
                                                      "permission_error",
                                                      "permission_denied",
                                                      "mcp_connection_error",
                                                      "plugin_connection_error",
                                                      "context_length_exceeded",
                                                      "exceed_context_size_error",
                                                      "not_implemented",
                                                      "not_supported_error",
                                                      "missing_required_parameter",
                                                      "unsupported_parameter",
                                                      "unsupported_value",
                                                      "unknown_parameter",
                                                      "unrecognized_keys",
                                                      "invalid_type",
                                                      "invalid_value",
                                                      "invalid_string",
                                                      "invalid_union"};

bool is_structural(std::string_view word) noexcept {
    return std::ranges::find(structural, word) != structural.end();
}

// A model code of an invalid request is about the name that the request gave.
bool is_model_code(std::string_view type, std::string_view code) noexcept {
    return type == "invalid_request" && matches("model", code) && code != "model_load_failed";
}

// Within one another; one is all that was ever seen.
constexpr int most_engines = 3;

// What LM Studio says of itself where a model could not be loaded, though it names a cause.
constexpr std::array<std::string_view, 6> load_failures{
    "failed to load model",           "failed to load llm",       "failed to load vlm",
    "failed to load embedding model", "failed to load the model", "error loading model"};

bool is_load_failure(std::string_view text) noexcept {
    return !matches("engine protocol predict", text) &&
           std::ranges::any_of(load_failures,
                               [text](std::string_view p) { return matches(p, text); });
}

// Nothing where neither its structure nor any signature tells.
std::optional<verdict> judge_own_words(lmstudio::error_report const& error, int engines = 0) {
    // LM Studio 0.3 gives this code to a model that does not exist, and perhaps to a load that its
    // guardrail refused, in words that can only be its own.
    bool const no_model = error.code == "model_not_found";
    if (is_structural(error.type) || (is_structural(error.code) && !no_model) ||
        is_model_code(error.type, error.code) ||
        (engines > 0 && error.type == "invalid_request_error"))
        return other;

    bool is_load = error.type == "model_load_failed" || error.code == "model_load_failed";
    std::optional<verdict> found;
    std::vector<std::string> texts;
    for (auto const& message : error.texts) {
        auto own = own_words_of(message);
        is_load = is_load || is_load_failure(own.text);
        if (!found && !own.engine_error.empty() && engines < most_engines)
            if (auto const engine =
                    lmstudio::read_error(own.engine_error, lmstudio::wrapping::optional))
                found = judge_own_words(*engine, engines + 1);
        texts.push_back(std::move(own.text));
    }
    if (!found) {
        auto const first = std::ranges::find_if(table, [&texts](signature const& s) {
            return std::ranges::any_of(
                texts, [&s](std::string const& text) { return matches(s.pattern, text); });
        });
        if (first != table.end())
            found = first->verdict;
    }
    if (no_model && !(found == refused && is_load))
        return other;
    if (found == memory && is_load)
        return refused;
    return found;
}

error_detail detail_of_words(std::string_view own) {
    auto const names = [own](std::string_view pattern) { return matches(pattern, own); };
    if (std::ranges::any_of(unsupported_words, names))
        return error_detail::unsupported;
    if (std::ranges::any_of(overflow_words, names))
        return error_detail::overflow;
    if (std::ranges::any_of(no_model_words, names))
        return error_detail::no_model;
    // The guardrail's words are those by which a load is known to be refused.
    auto const is_guardrail = [&names](signature const& s) {
        return s.verdict == refused && names(s.pattern);
    };
    return std::ranges::any_of(table, is_guardrail) ? error_detail::guardrail : error_detail::none;
}

error_detail find_detail(std::string_view message, int engines = 0) {
    auto const own = own_words_of(message);
    auto found = detail_of_words(own.text);
    if (found != error_detail::none || own.engine_error.empty() || engines == most_engines)
        return found;
    auto const engine = lmstudio::read_error(own.engine_error, lmstudio::wrapping::optional);
    if (!engine)
        return found;
    found = detail_of_words(engine->type + ' ' + engine->code);
    for (auto const& text : engine->texts)
        if (found == error_detail::none)
            found = find_detail(text, engines + 1);
    return found;
}

} // namespace

std::span<signature const> built_in_signatures() noexcept {
    return table;
}

verdict judge_error(lmstudio::error_report const& error, int status, std::span<rule const> rules) {
    for (auto const& r : rules) {
        bool const fits = std::ranges::any_of(
            error.texts, [&r](std::string const& text) { return matches(r.match, text); });
        if (fits && (!r.status || *r.status == status))
            return r.verdict;
    }
    return judge_own_words(error).value_or(other);
}

verdict judge_message(std::string_view message, int status, std::span<rule const> rules) {
    lmstudio::error_report error;
    error.texts.emplace_back(message);
    return judge_error(error, status, rules);
}

error_detail detail_of(std::string_view message) {
    return find_detail(message);
}

} // namespace secondwind::policy
