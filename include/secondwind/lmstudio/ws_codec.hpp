// The messages of the SDK's WebSocket that a recovery needs, written and read. Pure.
//
// Their shapes are those of lmstudio-js: packages/lms-communication/src/Transport.ts and, for the
// first message, authPacket.ts beside it. Formats that older versions lack are optional here.
#pragma once

#include <secondwind/lmstudio/instance.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::lmstudio {

struct credentials {
    std::string identifier;
    std::string passkey;
    bool operator==(credentials const&) const = default;
};

// The two halves of "Bearer sk-lm-<8 letters or digits>:<20 of them>"; of any other Authorization
// value, `guest`.
credentials credentials_of(std::string_view authorization, credentials guest);

// The first message of a connection.
std::string auth_message(credentials const& client);

enum class admission : std::uint8_t { admitted, rejected, neither };
// What a message says of the first one. The text of a rejection may echo a token, so it is
// never shown.
admission parse_admission(std::string_view message);

// `parameter` is JSON. Empty, its key is absent: what takes none refuses null and {} as well, and
// does so without an answer.
std::string rpc_call(std::string_view endpoint, std::int64_t call_id,
                     std::string_view parameter = {});

// A channel, and the only packet that a client sends in one: it ends what runs there.
std::string channel_create(std::string_view endpoint, std::int64_t channel_id,
                           std::string_view parameter);
std::string channel_cancel(std::int64_t channel_id);

enum class reply : std::uint8_t {
    result,
    error,
    warning, // a communicationWarning: the pending call will get no answer
    other    // another call's, a keepAliveAck, or what is no message at all
};
// What a message is to the call that is pending. A warning that bears another call's id is `other`;
// LM Studio's bear none.
reply parse_reply(std::string_view message, std::int64_t call_id);

enum class channel_reply : std::uint8_t {
    packet,
    closed, // its end, without an error
    error,  // its end
    warning,
    other
};
// What a message is to the channel that runs.
channel_reply parse_channel_reply(std::string_view message, std::int64_t channel_id);
// The type of a packet: "progress"; empty where it has none.
std::string packet_type(std::string_view message);

struct listed_instance {
    lmstudio::instance instance;
    std::string reference; // tells it from a later one under the same id; may be empty
    std::optional<std::int64_t> ttl_ms{}; // how long it stays idle; nothing: for ever
    bool operator==(listed_instance const&) const = default;
};
// The result of listLoaded. Nothing where it is no list, or one of nothing but odd entries; single
// odd ones are skipped. Only `identifier` is required; it stands for a missing model key. An
// instance with a `ttlMs` counts as loaded by a request, one with a `deviceIdentifier` as on
// another machine.
std::optional<std::vector<listed_instance>> parse_list_loaded(std::string_view message);

// The instance in the last packet of a load.
std::optional<listed_instance> parse_loaded(std::string_view message);

// The result of listDownloadedModels, likewise; an entry needs its `modelKey`.
std::optional<std::vector<model_on_disk>> parse_list_downloaded(std::string_view message);

// The parameter and the result of getInstanceProcessingState. A status that is not known is
// `unknown`, unless requests are queued.
std::string state_parameter(std::string_view identifier, std::string_view reference);
lmstudio::activity parse_processing_state(std::string_view message);

// The version in the result of /system's `version`: printable ASCII, at most 64 characters. Nothing
// where there is none such.
std::optional<std::string> parse_version(std::string_view message);

// The parameter of unloadModel, and what its result or error means.
std::string unload_parameter(std::string_view identifier);
unload_result parse_unload_reply(std::string_view message);

// It is an error because no loaded model is what a handle or a query names.
bool tells_not_loaded(std::string_view message);

// The title of an rpcError or a channelError, empty where there is none.
std::string error_title(std::string_view message);

} // namespace secondwind::lmstudio
