#include <secondwind/policy/sdk_judgement.hpp>

#include <secondwind/lmstudio/sdk_error.hpp>
#include <secondwind/policy/signature.hpp>

#include <string>

namespace secondwind::policy {

judgement judge_sdk_error(std::string_view message, lmstudio::sdk_endpoint endpoint,
                          std::span<rule const> rules) {
    auto const error = lmstudio::read_sdk_error(message, endpoint);
    if (!error)
        return {verdict::other_error, {}};
    auto v = judge_error(*error, 0, rules);
    if (v == verdict::other_error && lmstudio::loads(endpoint) && lmstudio::tells_no_cause(*error))
        v = verdict::suspected_memory;
    return {v, std::string{lmstudio::shortened(error->message())}};
}

} // namespace secondwind::policy
