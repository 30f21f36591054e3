// The beginning of a message of the SDK's WebSocket, compared with what a full parser finds.
#include "target.hpp"

#include <secondwind/lmstudio/sdk_error.hpp>
#include <secondwind/lmstudio/sdk_prefix.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sdk_prefix_fuzz {
namespace {

using nlohmann::json;
using secondwind::fuzz::require;
using namespace secondwind::lmstudio;

constexpr std::size_t longest = 256;

bool has_text(json const& object, char const* name, std::string_view text) {
    auto const found = object.find(name);
    return found != object.end() && found->is_string() && *found == text;
}

// Of members that stand twice a parser keeps the last.
bool repeats_members(std::string_view text) {
    std::size_t members = 0;
    std::size_t kept = 0;
    auto const count = [&](int depth, json::parse_event_t event, json& value) {
        members += event == json::parse_event_t::key && depth <= 2;
        if (event == json::parse_event_t::object_end && depth < 2)
            kept += value.size();
        return true;
    };
    auto const parsed = json::parse(text.begin(), text.end(), count, false);
    return !parsed.is_object() || members != kept;
}

void test(std::uint8_t const* data, std::size_t size) {
    auto const kept = std::min(size, longest);
    // Of its own size, so that a sanitizer sees a read past its end.
    auto const copy = std::make_unique<char[]>(kept);
    std::copy_n(data, kept, copy.get());
    std::string_view const text{copy.get(), kept};
    auto const found = read_sdk_prefix(text);
    require(found.type != sdk_message::other || found == sdk_prefix{});
    require(found.endpoint == sdk_endpoint::other || found.type == sdk_message::channel_create ||
            found.type == sdk_message::rpc_call);
    require(found.packet == sdk_packet::other || found.type == sdk_message::channel_send);
    std::string_view const all{reinterpret_cast<char const*>(data), size};
    if (auto const error = read_sdk_error(all, sdk_endpoint::load_model))
        require(!error->texts.empty());

    auto const message = json::parse(text.begin(), text.end(), nullptr, false);
    if (!message.is_object() || repeats_members(text))
        return;
    require((found.type == sdk_message::channel_close) ==
            has_text(message, "type", "channelClose"));
    require((found.type == sdk_message::rpc_error) == has_text(message, "type", "rpcError"));
    if (has_text(message, "type", "channelCreate"))
        require((found.endpoint == sdk_endpoint::predict) ==
                has_text(message, "endpoint", "predict"));
    if (has_text(message, "type", "channelSend")) {
        auto const packet = message.find("message");
        bool const cancels =
            packet != message.end() && packet->is_object() && has_text(*packet, "type", "cancel");
        require((found.packet == sdk_packet::cancel) == cancels);
    }
    if (found.id) {
        auto const id = message.find(found.type >= sdk_message::rpc_call ? "callId" : "channelId");
        require(id != message.end() && *id == *found.id);
    }
}

secondwind::fuzz::target const registered{"sdk_prefix", test};

} // namespace
} // namespace sdk_prefix_fuzz
