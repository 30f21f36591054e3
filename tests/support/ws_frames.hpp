// Frames of a WebSocket, as bytes that a test sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::test {

struct ws_frame {
    unsigned opcode = 1; // text
    std::string payload{};
    bool last = true;
};

// With a mask, as a client sends them, or without one.
std::string render_frame(ws_frame const& frame, bool masked);
inline std::string up_text(std::string_view text) {
    return render_frame({1, std::string{text}}, true);
}
inline std::string down_text(std::string_view text) {
    return render_frame({1, std::string{text}}, false);
}
inline std::string control_frame(unsigned opcode, std::string_view text, bool masked) {
    return render_frame({opcode, std::string{text}}, masked);
}
// The payload of a whole frame.
std::string payload_of(std::string_view frame);

// As the SDK writes them; `parameter` and `packet` are JSON.
std::string channel_create(std::int64_t id, std::string const& endpoint,
                           std::string const& parameter);
std::string channel_send(std::int64_t id, std::string const& packet);
std::string channel_close(std::int64_t id);
std::string channel_error(std::int64_t id, std::string const& title);
std::string rpc_call(std::int64_t id, std::string const& endpoint, std::string const& parameter);
std::string rpc_result(std::int64_t id, std::string const& result);

inline constexpr char const* sdk_admission =
    R"({"authVersion":1,"clientIdentifier":"guest:a","clientPasskey":"b"})";
inline constexpr char const* sdk_admitted = R"({"success":true})";
// A handshake of the SDK, and the answer of a host.
std::string sdk_upgrade(std::string_view path);
inline constexpr char const* sdk_switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: x\r\n\r\n";

} // namespace secondwind::test
