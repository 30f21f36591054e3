// LM Studio's documents, and the plans that are made of them, from any bytes.
#include <secondwind/lmstudio/codec.hpp>
#include <secondwind/policy/plan.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace secondwind;
using lmstudio::model_use;
using lmstudio::unload_result;

namespace {

void require(bool holds) {
    if (!holds)
        std::abort();
}

void plan_all(policy::inventory const& loaded) {
    if (loaded.size() > 64)
        return;
    std::string const wanted = loaded.empty() ? "" : loaded.back().model;
    for (auto const how : {policy::evict::idle, policy::evict::all})
        for (auto const v :
             {policy::verdict::insufficient_memory, policy::verdict::cache_corruption}) {
            auto const made = policy::make_plan(v, wanted, loaded, {}, how);
            require((made.reason == policy::plan_reason::unload) == !made.victims.empty());
            require(made.victims.size() <= loaded.size());
            for (auto const& victim : made.victims)
                require(std::ranges::find(loaded, victim) != loaded.end());
        }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};

    if (auto const loaded = lmstudio::parse_inventory(text)) {
        for (auto const& i : *loaded)
            require(!i.id.empty() && !i.model.empty());
        for (auto const& key : lmstudio::parse_unloaded(text))
            require(!key.empty());
        plan_all(*loaded);
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
