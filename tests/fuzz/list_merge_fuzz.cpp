// One list of any bodies, compared with what a full parser makes of them: what goes in comes out,
// and a single body comes out as it is.
//
// The first byte chooses the API; 0x1E, which no JSON has, separates the bodies.
#include "target.hpp"

#include <secondwind/lmstudio/list_merge.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace list_merge_fuzz {
namespace {

using nlohmann::json;
using secondwind::fuzz::require;
using secondwind::lmstudio::list_api;
using secondwind::lmstudio::list_merge;

std::vector<std::string_view> bodies_in(std::string_view text) {
    std::vector<std::string_view> all;
    for (;;) {
        auto const end = text.find('\x1E');
        all.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return all;
        text.remove_prefix(end + 1);
    }
}

std::string text_in(json const& object, char const* name) {
    auto const found = object.is_object() ? object.find(name) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

struct shape {
    char const* list;
    char const* id;
};
shape shape_of(list_api api) {
    return api == list_api::rest_v1 ? shape{"models", "key"} : shape{"data", "id"};
}

// The entries of a list that name a model, by their names.
std::multimap<std::string, json> entries_of(std::string_view body, shape const& of) {
    std::multimap<std::string, json> found;
    auto const document = json::parse(body);
    for (auto const& each : document.at(of.list))
        if (auto const id = text_in(each, of.id); !id.empty())
            found.emplace(id, each);
    return found;
}

std::set<std::string> instances_of(json const& model) {
    std::set<std::string> ids;
    auto const list = model.find("loaded_instances");
    if (list != model.end() && list->is_array())
        for (auto const& each : *list)
            ids.insert(text_in(each, "id"));
    ids.erase("");
    return ids;
}

void compare(std::vector<std::string_view> const& in, std::string const& out, list_api api) {
    auto const names = shape_of(api);
    std::multimap<std::string, json> before;
    for (auto const each : in)
        before.merge(entries_of(each, names));
    auto const after = entries_of(out, names);
    require(before.empty() || after.size() == json::parse(out).at(names.list).size());

    for (auto const& [id, model] : before)
        require(after.count(id) == 1);
    for (auto const& [id, model] : after) {
        bool known = false;
        bool loaded = false;
        std::set<std::string> instances;
        auto rest = model;
        rest.erase("loaded_instances");
        auto const [first, last] = before.equal_range(id);
        for (auto one = first; one != last; ++one) {
            auto other = one->second;
            loaded = loaded || text_in(other, "state") == "loaded";
            instances.merge(instances_of(other));
            if (api == list_api::rest_v1)
                other.erase("loaded_instances");
            known = known || other == (api == list_api::rest_v1 ? rest : model);
        }
        require(known);
        if (api == list_api::rest_v0)
            require((text_in(model, "state") == "loaded") == loaded);
        if (api == list_api::rest_v1)
            require(instances_of(model) == instances);
    }
}

void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0)
        return;
    auto const api = static_cast<list_api>(data[0] % 3);
    std::string_view const text{reinterpret_cast<char const*>(data) + 1, size - 1};

    list_merge merge{api};
    std::vector<std::string_view> good;
    for (auto const each : bodies_in(text))
        if (merge.add(each))
            good.push_back(each);
    require(merge.size() == good.size());
    auto const out = merge.body();
    if (good.empty())
        require(out.empty());
    else if (good.size() == 1)
        require(out == good.front());
    else
        compare(good, out, api);
}

secondwind::fuzz::target const registered{"list_merge", test};

} // namespace
} // namespace list_merge_fuzz
