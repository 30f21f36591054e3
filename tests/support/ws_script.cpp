#include "support/ws_script.hpp"
#include "support/wire.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <array>
#include <utility>

namespace secondwind::test {

namespace {

using stream = boost::beast::websocket::stream<asio::ip::tcp::socket>;

asio::awaitable<void> stay_silent(asio::ip::tcp::socket socket) {
    std::array<char, 1024> scratch{};
    for (bool open = true; open;) {
        auto const [error, size] = co_await socket.async_read_some(asio::buffer(scratch), nothrow);
        open = !error;
    }
}

asio::awaitable<void> converse(stream& over, ws_play play) {
    boost::beast::flat_buffer bytes;
    std::size_t next = 0;
    for (;;) {
        bytes.clear();
        auto const [ended, size] = co_await over.async_read(bytes, nothrow);
        if (ended) {
            if (play.record)
                play.record->closed_with = over.reason().code;
            co_return;
        }
        if (play.record)
            play.record->messages.push_back(boost::beast::buffers_to_string(bytes.data()));
        if (next == play.answers.size()) {
            if (!play.cuts)
                continue;
            over.next_layer().set_option(asio::socket_base::linger{true, 0});
            over.next_layer().close();
            co_return;
        }
        for (auto const& text : play.answers[next]) {
            // The read notices a client that has left.
            auto const [failed, sent] = co_await over.async_write(asio::buffer(text), nothrow);
            if (failed)
                break;
        }
        ++next;
    }
}

asio::awaitable<void> perform(asio::ip::tcp::socket socket, emulator::request request,
                              ws_play play) {
    if (!play.accepts) {
        co_await stay_silent(std::move(socket));
        co_return;
    }
    boost::beast::http::request_parser<boost::beast::http::empty_body> parser;
    boost::system::error_code failed;
    parser.put(asio::buffer(request.head), failed);
    stream over{std::move(socket)};
    auto const upgrade = parser.release();
    auto const [refused] = co_await over.async_accept(upgrade, nothrow);
    if (!refused)
        co_await converse(over, std::move(play));
}

} // namespace

emulator::upgrade_handler ws_script(std::map<std::string, ws_play> plays) {
    return [plays = std::move(plays)](asio::ip::tcp::socket socket, emulator::request request,
                                      std::string) {
        auto const found = plays.find(request.target);
        ws_play play;
        play.accepts = false;
        if (found != plays.end())
            play = found->second;
        return perform(std::move(socket), std::move(request), std::move(play));
    };
}

} // namespace secondwind::test
