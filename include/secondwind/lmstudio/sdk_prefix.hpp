// What the beginning of a message of the SDK's WebSocket says of itself. Pure.
//
// The messages are those of lmstudio-js, packages/lms-communication/src/Transport.ts, and the
// packets those of its packages/lms-external-backend-interfaces. LM Studio's clients and server
// write the members in the order `type`, id, `endpoint` or `message`; any order is read here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace secondwind::lmstudio {

enum class sdk_message : std::uint8_t {
    other, // nothing that is told apart here, or no message at all
    channel_create,
    channel_send,
    channel_close,
    channel_error,
    rpc_call,
    rpc_result,
    rpc_error
};

// The endpoints of /llm and /embedding whose operations use a model, and then those that matter to
// handles of loaded models; all others are `other`.
enum class sdk_endpoint : std::uint8_t {
    other,
    get_or_load,
    load_model,
    predict,
    complete_raw_text,
    embed_string,
    tokenize,
    count_tokens,
    apply_prompt_template,
    unload_model, // the call that ends what a handle means
    reads_handle  // the calls that only ask about that
};
// Those up to apply_prompt_template.
constexpr std::size_t sdk_endpoints = 9;
// As it stands in a message: "getOrLoad".
std::string_view to_string(sdk_endpoint e) noexcept;

constexpr bool uses_model(sdk_endpoint e) noexcept {
    return e != sdk_endpoint::other && e <= sdk_endpoint::apply_prompt_template;
}

// The endpoint opens a channel that loads a model.
constexpr bool loads(sdk_endpoint e) noexcept {
    return e == sdk_endpoint::get_or_load || e == sdk_endpoint::load_model;
}

enum class sdk_packet : std::uint8_t {
    other,
    cancel, // upwards, the only one
    start_loading,
    unloading_other,
    load_progress,
    resolved,
    progress,
    prompt_progress
};

// The packet comes before an operation of that endpoint has brought anything about that its client
// can use; any other packet tells that it has.
bool is_opening(sdk_endpoint e, sdk_packet p) noexcept;

struct sdk_prefix {
    sdk_message type = sdk_message::other;
    // Of the channel or the call. None that JavaScript cannot tell from its neighbour (beyond
    // 2^53).
    std::optional<std::int64_t> id{};
    sdk_endpoint endpoint = sdk_endpoint::other; // of a channelCreate or an rpcCall
    sdk_packet packet = sdk_packet::other;       // of a channelSend
    bool operator==(sdk_prefix const&) const = default;
};

// `beginning` is that of the message, or all of it. What is not found in it, or is no valid JSON up
// to its end, is not told; of members that stand twice the first counts.
sdk_prefix read_sdk_prefix(std::string_view beginning) noexcept;

} // namespace secondwind::lmstudio
