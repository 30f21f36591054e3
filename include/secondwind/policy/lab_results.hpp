// What the lab has measured of a host's models, as it publishes it to the proxy. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

struct lab_point {
    std::int64_t context = 0; // tokens
    double tps = 0;           // tokens a second
};

struct lab_result {
    std::string key;
    std::uint64_t size = 0;            // bytes of its file when it was measured; 0: unknown
    std::optional<std::int64_t> works; // tokens; nothing: no context does
    std::optional<std::int64_t> most;  // tokens, as the model declares
    std::optional<bool> default_works; // the context that LM Studio takes by itself
    bool alone = false;                // nothing else was loaded meanwhile
    std::string mode{};                // "quick", "normal", "thorough", "imported"
    std::string limited_by{};          // "guardrail", "memory", "model", ...
    std::optional<double> tps;         // tokens a second
    std::chrono::system_clock::time_point measured{};
    std::vector<lab_point> curve{};
};

inline constexpr std::size_t largest_lab_document = 1024 * 1024; // bytes

// Results age: a model may run otherwise under a later LM Studio.
inline constexpr std::chrono::hours longest_lab_validity{24 * 30};

struct lab_document {
    std::vector<lab_result> results;
    std::string error{}; // why the document was not taken, as a clause; empty: it was
};
// {"schema":1,"models":[{"key","measured_at", and what of the above there is}]}. Strict: another
// schema, a number out of its range or a member of another type refuses the whole document. Unknown
// members are left out.
lab_document parse_lab_document(std::string_view json);

// The result of that model; null if there is none.
lab_result const* find_lab_result(std::vector<lab_result> const& all, std::string_view key);

// Measured of another file (`size` is that of today's, in bytes), or too long ago.
bool is_stale(lab_result const& result, std::uint64_t size,
              std::chrono::system_clock::time_point now);

// The context with which to load a model that LM Studio has refused to load: a size that the lab
// has seen to work, for a model whose default does not fit even alone. Nothing if the results do
// not say that, are of another file, too old, imported or measured only by short prompts, or if
// less than `least` tokens work.
std::optional<std::int64_t> fitting_context(lab_result const& result, std::uint64_t size,
                                            std::int64_t least,
                                            std::chrono::system_clock::time_point now);

} // namespace secondwind::policy
