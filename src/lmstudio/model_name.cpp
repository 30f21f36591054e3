#include <secondwind/lmstudio/model_name.hpp>

#include <secondwind/base/ascii.hpp>

#include <algorithm>

namespace secondwind::lmstudio {
namespace {

// Collects the models that one step of the order finds; several instances may be one model's.
class finding {
public:
    void add(std::string_view key) noexcept {
        if (count_ == 0)
            key_ = key;
        if (count_ == 0 || key != key_)
            ++count_;
    }
    bool empty() const noexcept { return count_ == 0; }
    bool ambiguous() const noexcept { return count_ > 1; }

    resolved_model result() const {
        if (empty())
            return {};
        if (ambiguous())
            return {.match = match::ambiguous};
        return {.match = match::found, .key = std::string{key_}};
    }

private:
    std::string_view key_;
    unsigned count_ = 0;
};

finding find_id(std::string_view name, models const& listed) noexcept {
    finding found;
    for (auto const& i : listed.loaded)
        if (i.id == name)
            found.add(i.model);
    return found;
}

finding find_key(std::string_view name, models const& listed) noexcept {
    finding found;
    for (auto const& i : listed.loaded)
        if (i.model == name)
            found.add(i.model);
    for (auto const& m : listed.unloaded)
        if (m.key == name)
            found.add(m.key);
    return found;
}

finding find_variant(std::string_view name, models const& listed) noexcept {
    finding found;
    auto const has = [name](std::vector<std::string> const& variants) {
        return std::ranges::find(variants, name) != variants.end();
    };
    for (auto const& i : listed.loaded)
        if (has(i.variants))
            found.add(i.model);
    for (auto const& m : listed.unloaded)
        if (has(m.variants))
            found.add(m.key);
    return found;
}

// The parts of "google/gemma-3-12b@q4_k_m". Publisher and quantization may be empty.
struct name_parts {
    std::string_view publisher;
    std::string_view rest;
    std::string_view quantization;
};

name_parts split(std::string_view name) noexcept {
    name_parts parts;
    if (auto const slash = name.find('/'); slash != std::string_view::npos) {
        parts.publisher = name.substr(0, slash);
        name.remove_prefix(slash + 1);
    }
    auto const at = name.rfind('@');
    parts.rest = name.substr(0, at);
    if (at != std::string_view::npos)
        parts.quantization = name.substr(at + 1);
    return parts;
}

bool same_or_absent(std::string_view a, std::string_view b) noexcept {
    return a.empty() || b.empty() || iequals(a, b);
}

bool same_without_publisher(name_parts const& a, name_parts const& b) noexcept {
    return !a.rest.empty() && iequals(a.rest, b.rest) && iequals(a.quantization, b.quantization) &&
           same_or_absent(a.publisher, b.publisher);
}

bool same_without_quantization(name_parts const& a, name_parts const& b) noexcept {
    return !a.rest.empty() && iequals(a.rest, b.rest) &&
           same_or_absent(a.quantization, b.quantization) && iequals(a.publisher, b.publisher);
}

bool same_without_both(name_parts const& a, name_parts const& b) noexcept {
    return !a.rest.empty() && iequals(a.rest, b.rest) &&
           same_or_absent(a.quantization, b.quantization) &&
           same_or_absent(a.publisher, b.publisher);
}

// All names that a model has: those of its instances, its key and its variants.
template<class Same>
finding find_name(models const& listed, Same same) {
    finding found;
    for (auto const& i : listed.loaded)
        if (same(i.id) || same(i.model) || std::ranges::any_of(i.variants, same))
            found.add(i.model);
    for (auto const& m : listed.unloaded)
        if (same(m.key) || std::ranges::any_of(m.variants, same))
            found.add(m.key);
    return found;
}

finding find_similar(std::string_view name, models const& listed) {
    auto found = find_name(listed, [name](std::string_view other) { return iequals(name, other); });
    auto const parts = split(name);
    for (auto const same : {same_without_publisher, same_without_quantization, same_without_both})
        if (found.empty())
            found = find_name(listed, [&parts, same](std::string_view other) {
                return same(parts, split(other));
            });
    return found;
}

bool may_be(model_kind kind, model_kind wanted) noexcept {
    return kind == wanted || kind == model_kind::unknown || wanted == model_kind::unknown;
}

// What LM Studio serves a name with that says nothing to it.
finding find_loaded(models const& listed, model_kind route) noexcept {
    finding found;
    for (auto const& i : listed.loaded)
        if (may_be(i.kind, route))
            found.add(i.model);
    return found;
}

} // namespace

resolved_model find_model(std::string_view name, models const& listed) {
    if (name.empty())
        return {};
    if (auto const by_id = find_id(name, listed); !by_id.empty()) {
        auto result = by_id.result();
        if (result.match == match::found)
            result.instance_id = name;
        return result;
    }
    auto found = find_key(name, listed);
    if (found.empty())
        found = find_variant(name, listed);
    if (found.empty())
        found = find_similar(name, listed);
    return found.result();
}

resolved_model resolve(std::string_view name, models const& listed, model_kind route) {
    auto result = find_model(name, listed);
    if (result.match == match::unknown)
        result = find_loaded(listed, route).result();
    return result;
}

model_kind kind_for(std::string_view path) noexcept {
    path = path.substr(0, path.find('?'));
    while (path.ends_with('/'))
        path.remove_suffix(1);
    constexpr std::string_view end = "/embeddings";
    bool const embeds =
        path.size() >= end.size() && iequals(path.substr(path.size() - end.size()), end);
    return embeds ? model_kind::embedding : model_kind::llm;
}

} // namespace secondwind::lmstudio
