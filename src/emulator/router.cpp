#include "router.hpp"

#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace secondwind::emulator {

namespace {

struct route_entry {
    std::string_view method;
    std::string_view path;
    emulator::endpoint endpoint;
};

constexpr std::array<route_entry, 13> table{{
    {"GET", "/lmstudio-greeting", endpoint::greeting},
    {"GET", "/v1/models", endpoint::models},
    {"POST", "/v1/chat/completions", endpoint::chat_completions},
    {"POST", "/v1/completions", endpoint::completions},
    {"POST", "/v1/embeddings", endpoint::embeddings},
    {"POST", "/v1/responses", endpoint::responses},
    {"POST", "/v1/messages", endpoint::messages},
    {"GET", "/api/v0/models", endpoint::v0_models},
    {"POST", "/api/v0/chat/completions", endpoint::v0_chat_completions},
    {"GET", "/api/v1/models", endpoint::v1_models},
    {"POST", "/api/v1/models/load", endpoint::v1_load},
    {"POST", "/api/v1/models/unload", endpoint::v1_unload},
    {"POST", "/api/v1/chat", endpoint::v1_chat},
}};

constexpr std::string_view one_v0_model = "/api/v0/models/";
constexpr std::string_view rest_v1_prefix = "/api/v1/";

std::optional<std::string> decode(std::string_view encoded) {
    auto const valid = boost::urls::make_pct_string_view({encoded.data(), encoded.size()});
    if (!valid)
        return std::nullopt;
    std::string decoded;
    for (char const c : *valid.value())
        decoded += c;
    return decoded;
}

resolution serve_by(instance const& i) {
    return {i.state == instance_state::loaded ? availability::ready : availability::loading, &i,
            nullptr};
}

// The id can be that of a second instance whose first one is gone: the key still finds it.
instance const* find_named(store const& models, std::string_view name, model_type type) {
    if (auto const* exact = models.find_instance(name); exact != nullptr && exact->type == type)
        return exact;
    instance const* found = nullptr;
    for (auto const* i : models.instances_of(name)) {
        if (i->type != type)
            continue;
        if (i->state == instance_state::loaded)
            return i;
        found = i;
    }
    return found;
}

} // namespace

std::string_view path_of(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

destination route(std::string_view method, std::string_view target, bool rest_v1) {
    if (method == "OPTIONS")
        return {endpoint::preflight, {}};
    auto const path = path_of(target);
    auto const effective = method == "HEAD" ? std::string_view{"GET"} : method;
    bool const under_v1 = path.starts_with(rest_v1_prefix);
    if (under_v1 && !rest_v1)
        return {};

    auto const at = std::ranges::find_if(
        table, [&](route_entry const& e) { return e.method == effective && e.path == path; });
    if (at != table.end())
        return {at->endpoint, {}};
    if (effective == "GET" && path.starts_with(one_v0_model)) {
        if (auto key = decode(path.substr(one_v0_model.size())))
            return {endpoint::v0_model, std::move(*key)};
    }
    return {under_v1 ? endpoint::unknown_v1 : endpoint::unknown, {}};
}

bool is_inference(endpoint endpoint) noexcept {
    switch (endpoint) {
    case endpoint::chat_completions:
    case endpoint::completions:
    case endpoint::embeddings:
    case endpoint::responses:
    case endpoint::messages:
    case endpoint::v0_chat_completions:
    case endpoint::v1_chat:
        return true;
    default:
        return false;
    }
}

resolution resolve(store const& models, std::string_view name, model_type type, bool jit) {
    if (auto const* named = find_named(models, name, type); named != nullptr)
        return serve_by(*named);
    auto const* known = models.find_meant(name);
    if (known != nullptr && known->key != name)
        if (auto const* meant = find_named(models, known->key, type); meant != nullptr)
            return serve_by(*meant);
    if (jit && known != nullptr && known->type == type)
        return {availability::on_disk, nullptr, known};

    if (type == model_type::embedding)
        return {};
    instance const* only = nullptr;
    for (auto const& i : models.instances()) {
        if (i.type != type || i.state != instance_state::loaded)
            continue;
        if (only != nullptr)
            return {availability::ambiguous, nullptr, nullptr};
        only = &i;
    }
    return only == nullptr ? resolution{} : serve_by(*only);
}

} // namespace secondwind::emulator
