#include <secondwind/lmstudio/sdk_prefix.hpp>

#include <secondwind/http/member_scanner.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace secondwind::lmstudio {
namespace {

using http::member_kind;
using http::member_scanner;

template<class Enum, std::size_t N>
using word_table = std::array<std::pair<std::string_view, Enum>, N>;

constexpr word_table<sdk_message, 7> message_types{{{"channelSend", sdk_message::channel_send},
                                                    {"channelCreate", sdk_message::channel_create},
                                                    {"channelClose", sdk_message::channel_close},
                                                    {"channelError", sdk_message::channel_error},
                                                    {"rpcCall", sdk_message::rpc_call},
                                                    {"rpcResult", sdk_message::rpc_result},
                                                    {"rpcError", sdk_message::rpc_error}}};

constexpr word_table<sdk_endpoint, sdk_endpoints + 6> endpoint_names{
    {{"other", sdk_endpoint::other},
     {"getOrLoad", sdk_endpoint::get_or_load},
     {"loadModel", sdk_endpoint::load_model},
     {"predict", sdk_endpoint::predict},
     {"completeRawText", sdk_endpoint::complete_raw_text},
     {"embedString", sdk_endpoint::embed_string},
     {"tokenize", sdk_endpoint::tokenize},
     {"countTokens", sdk_endpoint::count_tokens},
     {"applyPromptTemplate", sdk_endpoint::apply_prompt_template},
     {"unloadModel", sdk_endpoint::unload_model},
     {"getModelInfo", sdk_endpoint::reads_handle},
     {"getLoadConfig", sdk_endpoint::reads_handle},
     {"getBasePredictionConfig", sdk_endpoint::reads_handle},
     {"getInstanceProcessingState", sdk_endpoint::reads_handle},
     {"preloadDraftModel", sdk_endpoint::reads_handle}}};

constexpr word_table<sdk_packet, 7> packet_types{
    {{"cancel", sdk_packet::cancel},
     {"startLoading", sdk_packet::start_loading},
     {"unloadingOtherJITModel", sdk_packet::unloading_other},
     {"loadProgress", sdk_packet::load_progress},
     {"resolved", sdk_packet::resolved},
     {"progress", sdk_packet::progress},
     {"promptProcessingProgress", sdk_packet::prompt_progress}}};

template<class Enum, std::size_t N>
Enum meaning(word_table<Enum, N> const& known, std::string_view word) noexcept {
    for (auto const& [name, value] : known)
        if (name == word)
            return value;
    return Enum::other;
}

std::optional<std::int64_t> read_id(std::string_view literal) noexcept {
    constexpr std::int64_t largest = std::int64_t{1} << 53U;
    std::int64_t id = 0;
    auto const [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), id);
    bool const whole = error == std::errc{} && end == literal.data() + literal.size();
    return whole && id <= largest && id >= -largest ? std::optional{id} : std::nullopt;
}

bool take_word(std::string_view& text, std::string_view word) noexcept {
    if (!text.starts_with(word))
        return false;
    text.remove_prefix(word.size());
    return true;
}

// As nearly all messages begin: {"type":"channelSend","channelId":1,"message":{"type":"fragment",
bool read_usual_packet(std::string_view text, sdk_prefix& found) noexcept {
    if (!take_word(text, R"({"type":"channelSend","channelId":)"))
        return false;
    auto const digits = text.substr(0, text.find(','));
    auto const id = read_id(digits);
    text.remove_prefix(digits.size());
    if (!id || !take_word(text, R"(,"message":{"type":")"))
        return false;
    auto const end = text.find('"');
    if (end == std::string_view::npos || text.substr(0, end).find('\\') != std::string_view::npos)
        return false;
    found.type = sdk_message::channel_send;
    found.id = id;
    found.packet = meaning(packet_types, text.substr(0, end));
    return true;
}

// The type of the object that is the member `message`.
sdk_packet read_packet(std::string_view text) noexcept {
    static constexpr std::array<std::string_view, 1> message{"message"};
    static constexpr std::array<std::string_view, 1> type{"type"};
    member_scanner outer{message, 1};
    outer.push(text);
    auto const found = outer.value(0);
    if (found.kind != member_kind::nested)
        return sdk_packet::other;
    member_scanner inner{type, 1};
    inner.push(text.substr(found.end - 1));
    auto const word = inner.value(0);
    return word.kind == member_kind::text ? meaning(packet_types, word.text) : sdk_packet::other;
}

} // namespace

std::string_view to_string(sdk_endpoint e) noexcept {
    return endpoint_names[static_cast<std::size_t>(e)].first;
}

bool is_opening(sdk_endpoint e, sdk_packet p) noexcept {
    using enum sdk_packet;
    switch (e) {
    case sdk_endpoint::get_or_load:
        return p == start_loading || p == unloading_other || p == load_progress;
    case sdk_endpoint::load_model:
        return p == resolved || p == progress;
    case sdk_endpoint::predict:
    case sdk_endpoint::complete_raw_text:
        return p == prompt_progress;
    default:
        return false;
    }
}

sdk_prefix read_sdk_prefix(std::string_view text) noexcept {
    static constexpr std::array<std::string_view, 4> names{"type", "channelId", "callId",
                                                           "endpoint"};
    sdk_prefix found;
    if (read_usual_packet(text, found))
        return found;
    member_scanner scanner{names, names.size()};
    scanner.push(text);
    auto const type = scanner.value(0);
    if (type.kind != member_kind::text)
        return found;
    found.type = meaning(message_types, type.text);
    if (found.type == sdk_message::other)
        return found;
    bool const is_call = found.type == sdk_message::rpc_call ||
                         found.type == sdk_message::rpc_result ||
                         found.type == sdk_message::rpc_error;
    if (auto const id = scanner.value(is_call ? 2 : 1); id.kind == member_kind::literal)
        found.id = read_id(id.text);
    bool const opens =
        found.type == sdk_message::channel_create || found.type == sdk_message::rpc_call;
    if (auto const endpoint = scanner.value(3); opens && endpoint.kind == member_kind::text)
        found.endpoint = meaning(endpoint_names, endpoint.text);
    // Each is of one kind.
    bool const is_channel = found.endpoint <= sdk_endpoint::complete_raw_text;
    if (is_channel != (found.type == sdk_message::channel_create))
        found.endpoint = sdk_endpoint::other;
    if (found.type == sdk_message::channel_send)
        found.packet = read_packet(text);
    return found;
}

} // namespace secondwind::lmstudio
