// LM Studio's documents, and the plans that are made of them, from any bytes.
#include <secondwind/lmstudio/codec.hpp>
#include <secondwind/policy/plan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace secondwind;
using lmstudio::model_use;
using lmstudio::unload_result;

namespace {

void require(bool holds) {
    if (!holds)
        std::abort();
}

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

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};

    if (auto const found = lmstudio::parse_models(text)) {
        for (auto const& i : found->loaded)
            require(!i.id.empty() && !i.model.empty());
        for (auto const& model : found->unloaded)
            require(!model.key.empty());
        plan_all(found->loaded);
    }

    auto const use = lmstudio::find_model(text);
    require((use.what == model_use::kind::named) == !use.name.empty());

    require(lmstudio::parse_unload(500, text, "a") != unload_result::unloaded);
    if (lmstudio::parse_unload(200, text, "a") == unload_result::unloaded)
        require(text.find("instance_id") != text.npos || text.find('\\') != text.npos);

    // Whatever the id, the body is JSON, and bears it unless it is not UTF-8.
    auto const body = lmstudio::unload_body(text);
    require(lmstudio::find_model(body).what == model_use::kind::none);
    require(body.starts_with("{\"instance_id\":\"") && body.ends_with("\"}"));
    return 0;
}
