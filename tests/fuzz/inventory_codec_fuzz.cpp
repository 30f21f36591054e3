// LM Studio's documents, and the plans that are made from them, from any bytes.
#include "target.hpp"

#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/lmstudio/rest_codec.hpp>
#include <secondwind/policy/plan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inventory_codec_fuzz {
namespace {

using namespace secondwind;
using lmstudio::requested_model;
using lmstudio::unload_result;
using secondwind::fuzz::require;

void plan_all(lmstudio::inventory const& listed) {
    if (listed.size() > 64)
        return;
    std::vector<policy::loaded_instance> loaded;
    for (auto const& each : listed)
        loaded.push_back(
            {each, loaded.size() % 5 == 1, loaded.size() % 7 == 2, loaded.size() % 3 == 2});
    std::vector<std::string> const pinned{"*a*"};
    policy::plan_request request;
    if (!listed.empty())
        request.wanted = {lmstudio::match::found, listed.back().model, {}};
    request.need = 44'870'000'000;
    request.size = 40'000'000'000;
    request.most_loaded = 50'000'000'000;
    request.least_refused = 60'000'000'000;
    request.pinned = &pinned;
    for (auto const evict : {policy::evict::idle, policy::evict::enough, policy::evict::all})
        for (auto const v : {policy::verdict::load_refused, policy::verdict::insufficient_memory,
                             policy::verdict::cache_corruption})
            for (auto const stage : {policy::stage::enough, policy::stage::everything_idle}) {
                request.evict = evict;
                request.verdict = v;
                request.stage = stage;
                auto const made = policy::make_plan(request, loaded);
                require((made.reason == policy::plan_reason::unload) == !made.victims.empty());
                require(made.considered.size() == loaded.size());
                require(made.victims.size() <= loaded.size());
                for (auto const& victim : made.victims)
                    require(std::ranges::find(listed, victim) != listed.end());
                require(made.targets.size() <= loaded.size());
            }
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};

    if (auto const found = lmstudio::parse_models(text)) {
        for (auto const& i : found->loaded)
            require(!i.id.empty() && !i.model.empty());
        for (auto const& model : found->unloaded)
            require(!model.key.empty());
        plan_all(found->loaded);
    }

    require(lmstudio::parse_unload(500, text, "a") != unload_result::unloaded);
    if (lmstudio::parse_unload(200, text, "a") == unload_result::unloaded)
        require(text.find("instance_id") != text.npos || text.find('\\') != text.npos);

    // For any id, the body is JSON, and contains the id unless it is not UTF-8.
    auto const body = lmstudio::unload_body(text);
    requested_model const model{body};
    require(model.name().empty() && !model.unnamed());
    require(body.starts_with("{\"instance_id\":\"") && body.ends_with("\"}"));
}

secondwind::fuzz::target const registered{"inventory_codec", test};

} // namespace
} // namespace inventory_codec_fuzz
