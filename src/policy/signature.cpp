#include <secondwind/policy/signature.hpp>

#include <secondwind/base/ascii.hpp>

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

constexpr bool same(char a, char b) noexcept {
    return to_lower(a) == to_lower(b);
}

bool same_text(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, same);
}

} // namespace

std::span<signature const> built_in_signatures() noexcept {
    return table;
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
    bool at_start = pattern.starts_with('^');
    if (at_start)
        pattern.remove_prefix(1);
    bool const at_end = pattern.ends_with('$');
    if (at_end)
        pattern.remove_suffix(1);

    // Each part takes its leftmost place behind the one before. That leaves the most text for the
    // parts to come, so no choice ever has to be taken back.
    for (;;) {
        auto const star = pattern.find('*');
        auto const part = pattern.substr(0, star);
        bool const last = star == std::string_view::npos;

        if (last && at_end) {
            if (at_start)
                return same_text(part, text);
            return text.size() >= part.size() &&
                   same_text(part, text.substr(text.size() - part.size()));
        }
        if (at_start) {
            if (!same_text(part, text.substr(0, part.size())))
                return false;
            text.remove_prefix(part.size());
        } else {
            auto const found =
                std::search(text.begin(), text.end(), part.begin(), part.end(), same);
            if (found == text.end() && !part.empty())
                return false;
            text.remove_prefix(static_cast<std::size_t>(found - text.begin()) + part.size());
        }
        if (last)
            return true;
        at_start = false;
        pattern.remove_prefix(star + 1);
    }
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
