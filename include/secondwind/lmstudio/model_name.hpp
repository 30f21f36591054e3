// Which of a host's models a request means by the name that it uses.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// Bytes of a name that are kept. Clients choose it, and each of them would else be logged and
// recorded at any length; LM Studio gets it as it came.
inline constexpr std::size_t longest_model_name = 256;

enum class match : std::uint8_t {
    found,
    ambiguous, // it may mean several models
    unknown    // it means none that is listed
};

struct resolved_model {
    lmstudio::match match = lmstudio::match::unknown;
    std::string key{};         // of the model, when found
    std::string instance_id{}; // if the name is that of one loaded instance, whatever else it fits
};

// In this order: the id of a loaded instance; a model key; one of the model's variants; then the
// same without case, without the publisher ("google/gemma-3-12b" as "gemma-3-12b"), and without the
// quantization ("...@q4_k_m"), each only where exactly one model matches. Two publishers, or two
// quantizations, that differ never match: there only one side may lack it. A name that is unknown,
// or that is absent (empty), means what LM Studio serves such requests with: the one loaded model
// of the kind that the route needs, if there is exactly one. (A model whose kind the host does not
// say may be of that kind; `unknown` as the route needs none in particular.)
resolved_model resolve(std::string_view name, models const& listed, model_kind route);

// The same without the last step. For a model that LM Studio has just refused to load: it is not
// the one that is loaded, even where it is not listed.
resolved_model find_model(std::string_view name, models const& listed);

// The kind of model that an endpoint needs: embedding for ".../embeddings", else llm. `path` may
// have a query.
model_kind kind_for(std::string_view path) noexcept;

} // namespace secondwind::lmstudio
