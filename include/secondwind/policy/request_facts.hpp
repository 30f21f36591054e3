// What a request says of itself, as far as the choice of a host depends on it. Pure.
#pragma once

#include <secondwind/lmstudio/model_name.hpp>
#include <secondwind/lmstudio/requested_model.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::policy {

// The kind of a request, by its method and path.
enum class traffic : std::uint8_t {
    // POST of a chat, completion, response, message or embedding, in any of LM Studio's APIs: it
    // uses the model that it names, or any that is loaded where it names none.
    completion,
    list,            // GET /v1/models, /api/v0/models or /api/v1/models
    model_details,   // GET /api/v0/models/{model}
    load,            // POST /api/v1/models/load
    unload,          // POST /api/v1/models/unload
    download,        // POST /api/v1/models/download
    download_status, // GET /api/v1/models/download/status/{job}
    other            // upgrades, OPTIONS, /lmstudio-greeting and all else
};
std::string_view to_string(traffic kind) noexcept;

// `target` may have a query, which says nothing, and one slash more at the end of its path.
// `upgrades`: the client asks for another protocol.
traffic traffic_of(std::string_view method, std::string_view target, bool upgrades) noexcept;

// The parts of a request that say something. Views, which need to live only during the call.
struct request_parts {
    std::string_view method{};
    std::string_view target{};
    bool upgrades = false;
    std::string_view content_type{};     // the field's value; empty where there is none
    std::string_view content_encoding{}; // likewise
    std::string_view body{};             // as far as it was kept
};

struct request_facts {
    // Bytes of a name or an id. A longer one counts as none, and so does one that is not UTF-8.
    static constexpr std::size_t longest_name = 512;
    // Decoded bytes of a body in a content coding that are read (http/inflate).
    static constexpr std::size_t most_inflated = 256 * 1024;

    policy::traffic traffic = policy::traffic::other;
    // Of the model that it uses: embedding for the endpoints of that name.
    lmstudio::model_kind kind = lmstudio::model_kind::llm;

    // Of a completion, a load or model_details: the model, as the client wrote it but without
    // escapes. Empty where it is unnamed: it has none, or "", or none that can be read.
    std::string model{};
    // Of /v1/responses and /api/v1/chat; otherwise empty.
    std::string previous_response_id{};
    // Of an unload; otherwise empty.
    std::string instance_id{};
    // The host stores its response, and a later request may continue it: /v1/responses,
    // /api/v1/chat.
    bool stores_response = false;
    // Of a load and of /api/v1/chat, where it is a whole number.
    std::optional<std::uint64_t> context_length{};
    // Of a download_status: the rest of its path, decoded.
    std::string job_id{};

    // The body was read, and need not be read again. False for a body that says nothing: that of
    // other traffic, or of a content type or coding that is not known.
    bool read = false;
    // It is a JSON object, as far as it was read.
    bool is_object = false;
    // Bytes of the body up to the end of the model's name: another body that begins with the same
    // bytes names the same model. 0 where it names none, and where it came encoded.
    std::size_t model_end = 0;

    bool named() const noexcept { return !model.empty(); }
};

// Reads the body where it may say something: once, no further than needed, and without building a
// document (http/member_scanner). Only members of the top-level object count, and the first of
// several with one name. A body of which only the beginning was kept is judged by that. Only JSON
// is read: application/json, text/json, types that end in +json, and bodies without a type.
request_facts read_facts(request_parts const& request);

// The model for recoveries. Does not read the body again if `facts` come from it. `body` must live
// as requested_model says; `whole` is false where only its beginning was kept.
lmstudio::requested_model requested_model_of(request_facts const& facts, std::string_view body,
                                             bool whole);

} // namespace secondwind::policy
