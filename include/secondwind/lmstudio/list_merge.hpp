// One list of models from the lists of several hosts.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace secondwind::lmstudio {

enum class list_api : std::uint8_t {
    openai,  // GET /v1/models: {"data":[{"id"}]}
    rest_v0, // GET /api/v0/models: {"data":[{"id","state"}]}
    rest_v1  // GET /api/v1/models: {"models":[{"key","loaded_instances":[{"id"}]}]}
};

// The API whose list of models this path has; nothing for any other path. `path` has no query.
std::optional<list_api> list_at(std::string_view path) noexcept;

// Joins bodies of answers to the same request. Entries keep the bytes that they came in, and are in
// the order of the bodies; everything around them is that of the first body. Of several entries for
// one model (by `id`, in REST v1 by `key`) the first counts, or the first that is loaded. In REST
// v1 that one also gets the `loaded_instances` of the others, one for each id.
//
// A body of another shape is left out: text that is no JSON object with this API's list, as LM
// Studio's answer to a path that it does not know, or whose list has entries of which none names a
// model. Single such entries are left out.
class list_merge {
public:
    explicit list_merge(list_api api) noexcept : api_{api} {}

    // `body` must outlive this object. False if the body has another shape.
    bool add(std::string_view body);

    // The bodies that were not left out.
    std::size_t size() const noexcept { return bodies_; }
    // The list of all of them; of a single one, its bytes as they are. Of none: empty.
    std::string body() const;

private:
    struct entry {
        std::string_view text;
        bool loaded = false;
        // REST v1: of further hosts, and the ids of all.
        std::vector<std::string_view> more_instances;
        std::vector<std::string> instance_ids;
    };

    void take(std::string id, std::string_view text, nlohmann::json const& model);
    static std::string joined(entry const& one);

    list_api api_;
    std::size_t bodies_ = 0;
    std::string_view first_;
    std::vector<entry> entries_;
    std::unordered_map<std::string, std::size_t> by_id_;
};

} // namespace secondwind::lmstudio
