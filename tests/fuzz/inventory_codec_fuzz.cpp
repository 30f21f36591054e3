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

void plan_all(lmstudio::inventory const& loaded) {
    if (loaded.size() > 64)
        return;
    std::vector<std::string> const pinned{"*a*"};
    policy::plan_request request;
    request.wanted = loaded.empty() ? std::string_view{} : loaded.back().model;
    request.message = "this model requires approximately 44.87 GB of memory";
    request.pinned = &pinned;
    for (auto const how : {policy::evict::idle, policy::evict::enough, policy::evict::all})
        for (auto const v :
             {policy::verdict::insufficient_memory, policy::verdict::cache_corruption})
            for (bool const everything : {false, true}) {
                request.how = how;
                request.verdict = v;
                request.everything = everything;
                auto const made = policy::make_plan(request, loaded, {});
                require((made.reason == policy::plan_reason::unload) == !made.victims.empty());
                require(made.victims.size() <= loaded.size());
                for (auto const& victim : made.victims)
                    require(std::ranges::find(loaded, victim) != loaded.end());
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
