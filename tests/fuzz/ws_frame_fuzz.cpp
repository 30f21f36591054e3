// For any bytes of a WebSocket: what is seen of them does not depend on the pieces in which they
// arrive, and all of them pass.
#include "target.hpp"

#include <secondwind/http/ws_frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ws_frame_fuzz {
namespace {

using secondwind::fuzz::require;
using secondwind::http::append_text_frame;
using secondwind::http::append_unmasked;
using secondwind::http::frame_watch;
using secondwind::http::ws_sender;

struct seen {
    std::vector<std::string> messages;
    std::vector<std::string> prefixes;
    std::string control;
    bool odd = false;
    bool boundary = false;
    bool operator==(seen const&) const = default;
};

seen watch(std::string_view bytes, ws_sender sender, std::size_t piece_size) {
    secondwind::http::ws_prefix_room room;
    frame_watch watcher{sender};
    watcher.use(room);
    seen s;
    std::string message;
    while (!bytes.empty() && !watcher.odd()) {
        auto piece = bytes.substr(0, piece_size);
        bytes.remove_prefix(piece.size());
        while (!piece.empty() && !watcher.odd()) {
            auto const step = watcher.next(piece);
            require(step.size <= piece.size() && step.payload.size() <= step.size);
            require(step.size > 0 || step.known || watcher.odd());
            require(!step.control || !step.ended);
            if (step.control)
                s.control += step.payload;
            else
                append_unmasked(message, step.payload, step.mask);
            piece.remove_prefix(step.size);
            if (step.known) {
                s.prefixes.emplace_back(watcher.prefix());
                require(message.starts_with(s.prefixes.back()));
            }
            if (step.ended) {
                require(s.prefixes.size() == s.messages.size() + 1);
                s.messages.push_back(message);
                message.clear();
            }
        }
    }
    s.odd = watcher.odd();
    s.boundary = watcher.at_boundary();
    return s;
}

void test(std::uint8_t const* data, std::size_t size) {
    if (size == 0)
        return;
    // The first byte chooses the direction and the pieces.
    auto const sender = (data[0] & 1U) != 0 ? ws_sender::client : ws_sender::server;
    auto const piece = std::size_t{data[0]} / 2 + 1;
    std::string_view const bytes{reinterpret_cast<char const*>(data) + 1, size - 1};
    auto const at_once = watch(bytes, sender, size);
    for (auto const each : {piece, std::size_t{1}}) {
        auto split = watch(bytes, sender, each);
        // Of a frame that turns out to be odd a part may have been seen.
        if (at_once.odd)
            split.boundary = at_once.boundary;
        require(split == at_once);
    }
    std::string own;
    if (sender == ws_sender::client)
        append_text_frame(own, bytes, {'a', 'b', 'c', static_cast<char>(data[0])});
    else
        append_text_frame(own, bytes);
    auto const again = watch(own, sender, piece);
    require(!again.odd && again.messages == std::vector{std::string{bytes}});
}

secondwind::fuzz::target const registered{"ws_frame", test};

} // namespace
} // namespace ws_frame_fuzz
