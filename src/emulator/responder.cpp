#include "responder.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/status.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <ctime>
#include <string_view>

namespace secondwind::emulator {

namespace http = boost::beast::http;

namespace {

constexpr std::string_view event_stream = "text/event-stream";

// The events of a stream, each with the empty line that ends it.
std::vector<std::string> split_events(std::string_view body) {
    std::vector<std::string> parts;
    while (!body.empty()) {
        auto const end = body.find("\n\n");
        auto const size = end == std::string_view::npos ? body.size() : end + 2;
        parts.emplace_back(body.substr(0, size));
        body.remove_prefix(size);
    }
    return parts;
}

} // namespace

// The fields and their order are those of Express on Node.
std::string responder::head(unsigned status, std::string_view content_type,
                            std::string_view framing) const {
    auto const reason = http::obsolete_reason(http::int_to_status(status));
    auto text = fmt::format("HTTP/1.1 {} {}\r\nX-Powered-By: Express\r\n", status,
                            std::string_view{reason.data(), reason.size()});
    if (!content_type.empty())
        text += fmt::format("Content-Type: {}\r\n", content_type);
    if (content_type == event_stream)
        text += "Cache-Control: no-cache\r\n";
    text += framing;
    text += fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(std::time(nullptr)));
    if (!mode_.keep_alive) {
        text += "Connection: close\r\n";
    } else {
        text += "Connection: keep-alive\r\n";
        if (mode_.idle.count() > 0)
            text +=
                fmt::format("Keep-Alive: timeout={}\r\n",
                            std::chrono::duration_cast<std::chrono::seconds>(mode_.idle).count());
    }
    return text += "\r\n";
}

asio::awaitable<void> responder::write(std::string bytes) {
    if (client_->gone)
        co_return;
    auto const [error, written] = co_await asio::async_write(socket_, asio::buffer(bytes), nothrow);
    if (error)
        client_->gone = true;
}

asio::awaitable<void> responder::send(answer whole) {
    auto bytes = head(whole.status, whole.content_type,
                      fmt::format("Content-Length: {}\r\n", whole.body.size()));
    if (!mode_.head_only)
        bytes += whole.body;
    co_await write(std::move(bytes));
}

asio::awaitable<void> responder::begin_stream(unsigned status) {
    streaming_ = true;
    mode_.keep_alive = mode_.keep_alive && !mode_.http_1_0;
    co_await write(
        head(status, event_stream, mode_.http_1_0 ? "" : "Transfer-Encoding: chunked\r\n"));
}

asio::awaitable<void> responder::send_part(std::string text) {
    if (mode_.http_1_0)
        return write(std::move(text));
    return write(fmt::format("{:x}\r\n{}\r\n", text.size(), text));
}

asio::awaitable<void> responder::send(sse_events events) {
    for (auto const& e : events)
        co_await send_part(render(e));
}

asio::awaitable<void> responder::end_stream() {
    streaming_ = false;
    if (!mode_.http_1_0)
        co_await write("0\r\n\r\n");
}

asio::awaitable<void> responder::send(canned prepared) {
    if (prepared.type == canned::kind::bytes) {
        if (!prepared.body.empty())
            co_await write(std::move(prepared.body));
    } else if (prepared.content_type == event_stream) {
        co_await begin_stream(prepared.status);
        for (auto& part : split_events(prepared.body))
            co_await send_part(std::move(part));
        co_await end_stream();
    } else {
        answer whole{prepared.status, std::move(prepared.content_type), std::move(prepared.body)};
        co_await send(std::move(whole));
    }
    if (prepared.afterwards == canned::then::reset)
        reset_connection();
    if (prepared.afterwards != canned::then::keep)
        mode_.keep_alive = false;
}

void responder::reset_connection() {
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    close_connection();
}

void responder::close_connection() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    client_->gone = true;
    mode_.keep_alive = false;
}

} // namespace secondwind::emulator
