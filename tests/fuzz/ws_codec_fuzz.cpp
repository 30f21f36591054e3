// The messages of the SDK's WebSocket, from any bytes.
#include "target.hpp"

#include <secondwind/lmstudio/ws_codec.hpp>
#include <secondwind/lmstudio/ws_load.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ws_codec_fuzz {
namespace {

using namespace secondwind;
using lmstudio::reply;
using lmstudio::unload_result;
using secondwind::fuzz::require;

// With any content, our own message is a call that cannot be read as an answer, and its text is one
// line of JSON.
void write_with(std::string_view text) {
    for (auto const& parameter :
         {std::string{}, lmstudio::unload_parameter(text), lmstudio::state_parameter(text, {}),
          lmstudio::state_parameter("a", text),
          lmstudio::load_parameter({std::string{text}, "k", {}, {}, {}, std::string{text}})}) {
        auto const call = lmstudio::rpc_call("unloadModel", 0, parameter);
        require(call.starts_with(R"({"type":"rpcCall",)") && call.ends_with("}"));
        require(std::ranges::none_of(call, [](char c) { return c >= 0 && c < ' '; }));
        require((call.find("\"parameter\":") != call.npos) == !parameter.empty());
        require(lmstudio::parse_reply(call, 0) == reply::other);
    }
    require(lmstudio::parse_admission(lmstudio::auth_message({std::string{text}, "b"})) ==
            lmstudio::admission::neither);
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const text{reinterpret_cast<char const*>(data), size};

    lmstudio::credentials const guest{"guest:a", "b"};
    auto const credentials = lmstudio::credentials_of(text, guest);
    require(
        credentials == guest ||
        (credentials.identifier.size() == 8 && credentials.passkey.size() == 20 &&
         text.find("sk-lm-" + credentials.identifier + ":" + credentials.passkey) != text.npos));

    auto const kind = lmstudio::parse_reply(text, 0);
    auto const unloaded = lmstudio::parse_unload_reply(text);
    auto const doing = lmstudio::parse_processing_state(text);
    auto const listed = lmstudio::parse_list_loaded(text);
    auto const downloaded = lmstudio::parse_list_downloaded(text);
    // No message answers both the credentials and a call, or has both a result and an error.
    if (kind == reply::result)
        require(unloaded == unload_result::unloaded && lmstudio::error_title(text).empty());
    if (kind == reply::error)
        require(unloaded != unload_result::unloaded && !listed && !downloaded &&
                doing == lmstudio::activity::unknown);
    auto const in_channel = lmstudio::parse_channel_reply(text, 0);
    auto const loaded = lmstudio::parse_loaded(text);
    if (loaded)
        require(!loaded->instance.id.empty() && in_channel != lmstudio::channel_reply::error);
    if (lmstudio::parse_load_config(text))
        require(unloaded == unload_result::unloaded && !listed);
    if (listed)
        for (auto const& one : *listed)
            require(!one.instance.id.empty() && !one.instance.model.empty() &&
                    one.instance.last_used_ms >= 0 &&
                    one.instance.doing == lmstudio::activity::unknown);
    if (downloaded)
        for (auto const& one : *downloaded)
            require(!one.key.empty());
    write_with(text.substr(0, 4096));
}

secondwind::fuzz::target const registered{"ws_codec", test};

} // namespace
} // namespace ws_codec_fuzz
