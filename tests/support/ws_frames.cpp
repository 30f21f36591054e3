#include "support/ws_frames.hpp"

#include <array>
#include <cstddef>

namespace secondwind::test {

namespace {

constexpr std::string_view mask = "\x37\xfa\x21\x3d";
constexpr std::size_t longest_short = 125;
constexpr std::size_t longest_medium = 0xffff;

} // namespace

std::string render_frame(ws_frame const& frame, bool masked) {
    auto const size = frame.payload.size();
    std::size_t const width = size <= longest_short ? 0 : size <= longest_medium ? 2 : 8;
    std::string bytes(1, static_cast<char>((frame.last ? 0x80U : 0U) + frame.opcode));
    bytes += static_cast<char>((masked ? 0x80U : 0U) + (width == 0   ? size
                                                        : width == 2 ? longest_short + 1
                                                                     : longest_short + 2));
    for (auto i = width; i-- > 0;)
        bytes += static_cast<char>(std::uint64_t{size} >> 8 * i & 0xffU);
    if (masked)
        bytes += mask;
    for (std::size_t i = 0; i < size; ++i)
        bytes +=
            static_cast<char>(masked ? frame.payload[i] ^ mask[i % mask.size()] : frame.payload[i]);
    return bytes;
}

std::string payload_of(std::string_view frame) {
    auto const second = static_cast<unsigned char>(frame[1]);
    auto const length = second & 0x7fU;
    std::size_t const at = 2 + (length == 126 ? 2 : length == 127 ? 8 : 0);
    if ((second & 0x80U) == 0)
        return std::string{frame.substr(at)};
    std::string payload{frame.substr(at + 4)};
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] = static_cast<char>(payload[i] ^ frame[at + i % 4]);
    return payload;
}

std::string channel_create(std::int64_t id, std::string const& endpoint,
                           std::string const& parameter) {
    return R"({"type":"channelCreate","endpoint":")" + endpoint + R"(","channelId":)" +
           std::to_string(id) + R"(,"creationParameter":)" + parameter + "}";
}

std::string channel_send(std::int64_t id, std::string const& packet) {
    return R"({"type":"channelSend","channelId":)" + std::to_string(id) + R"(,"message":)" +
           packet + "}";
}

std::string channel_close(std::int64_t id) {
    return R"({"type":"channelClose","channelId":)" + std::to_string(id) + "}";
}

std::string channel_error(std::int64_t id, std::string const& title) {
    return R"({"type":"channelError","channelId":)" + std::to_string(id) +
           R"(,"error":{"title":")" + title + R"(","rootTitle":")" + title +
           R"(","stack":"Error: at handler"}})";
}

std::string rpc_call(std::int64_t id, std::string const& endpoint, std::string const& parameter) {
    return R"({"type":"rpcCall","endpoint":")" + endpoint + R"(","callId":)" + std::to_string(id) +
           R"(,"parameter":)" + parameter + "}";
}

std::string rpc_result(std::int64_t id, std::string const& result) {
    return R"({"type":"rpcResult","callId":)" + std::to_string(id) + R"(,"result":)" + result + "}";
}

std::string sdk_upgrade(std::string_view path) {
    return "GET " + std::string{path} +
           " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
}

} // namespace secondwind::test
