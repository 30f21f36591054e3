#include <secondwind/policy/signature.hpp>

#include <secondwind/base/pattern.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace secondwind::policy {
namespace {

constexpr auto other = verdict::other_error;
constexpr auto memory = verdict::insufficient_memory;
constexpr auto suspected = verdict::suspected_memory;
constexpr auto cache = verdict::cache_corruption;
constexpr auto unloaded = verdict::unloaded_in_flight;
constexpr auto crash = verdict::model_crash;

constexpr std::array table{
    // Deterministic failures whose words or wrappers look like those further down.
    signature{"snapshot of system resources failed", other},
    signature{"failed to load draft model", other},
    signature{"no lm runtime found", other},
    signature{"unknown model architecture", other},
    // MLX refuses one array that no amount of free memory would allow.
    signature{"greater than the maximum allowed buffer size", other},
    signature{"rotatingkvcache quantization nyi", other},
    signature{"error rendering prompt with jinja template", other},
    signature{"does not match the expected*format", other},
    signature{"engine protocol predict*invalid_request_error", other},
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
    signature{"insufficient system resources", memory},
    signature{"model loading guardrails", memory},
    signature{"would likely overload your system", memory},
    signature{"overloading the system will likely", memory},
    signature{"requires approximately*of memory", memory},
    signature{"not enough resources to load", memory},
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
    signature{"memory allocation of size*failed", memory},
    signature{"bad allocation", memory},
    signature{"bad_alloc", memory},
    signature{"metal::malloc", memory},

    signature{"llama_memory is null", cache},
    signature{"unable to reuse from cache", cache},
    signature{"inconsistent sequence positions", cache},

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
};

} // namespace

std::span<signature const> built_in_signatures() noexcept {
    return table;
}

verdict judge_message(std::string_view message, int status, std::span<rule const> rules) noexcept {
    for (auto const& r : rules)
        if ((!r.status || *r.status == status) && matches(r.match, message))
            return r.verdict;
    auto const found = std::ranges::find_if(
        table, [message](signature const& s) { return matches(s.pattern, message); });
    return found == table.end() ? verdict::other_error : found->verdict;
}

} // namespace secondwind::policy
