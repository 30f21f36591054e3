#include "messages.hpp"
#include "suite.hpp"

#include <secondwind/http/chunked_decoder.hpp>
#include <secondwind/http/member_scanner.hpp>
#include <secondwind/http/response_framer.hpp>
#include <secondwind/http/sse_scanner.hpp>

#include <array>
#include <string>
#include <string_view>

namespace secondwind::bench {

namespace {

using http::chunked_decoder;
using http::decoder_state;
using http::response_framer;

constexpr std::size_t many = 16;
constexpr std::size_t long_body = 64 * 1024;

response_framer framer_of(http::framing framing, std::uint64_t length) {
    http::response_head head;
    head.framing = framing;
    head.length = length;
    return response_framer{head};
}

// One endless stream, with one or several events per iteration.
void add_framer(suite& parts, std::string const& name, std::size_t events) {
    auto const read = repeated(in_chunk(event), events);
    parts.add(
        name, {read.size(), events},
        [read, framer = framer_of(http::framing::chunked, 0)]() mutable {
            auto const taken = framer.push(read);
            return std::pair{taken, framer.state()};
        },
        [size = read.size()](auto const& seen) {
            return seen.first == size && seen.second == decoder_state::need_more;
        });
}

void add_long_framer(suite& parts) {
    parts.add(
        "response_framer/length_64KiB", {long_body},
        [body = std::string(long_body, 'x')] {
            auto framer = framer_of(http::framing::length, long_body);
            auto const taken = framer.push(body);
            return std::pair{taken, framer.state()};
        },
        [](auto const& seen) {
            return seen.first == long_body && seen.second == decoder_state::complete;
        });
}

// A client's whole body in chunks of a page, whose data is collected.
void add_decoder(suite& parts) {
    constexpr std::size_t page = 4096;
    auto const body = repeated(in_chunk(std::string(page, 'x')), long_body / page) + "0\r\n\r\n";
    parts.add(
        "chunked_decoder/64KiB_in_pages", {body.size()},
        [body] {
            chunked_decoder decoder;
            std::string_view in{body};
            std::size_t data = 0;
            auto state = decoder_state::need_more;
            while (state == decoder_state::need_more && !in.empty()) {
                auto const step = decoder.push(in);
                data += step.data.size();
                in.remove_prefix(step.consumed);
                state = step.state;
            }
            return std::pair{data, state};
        },
        [](auto const& seen) {
            return seen.first == long_body && seen.second == decoder_state::complete;
        });
}

void add_events(suite& parts) {
    parts.add(
        "sse_scanner/event", {event.size()},
        [scanner = http::sse_scanner{}]() mutable {
            std::size_t seen = 0;
            scanner.push(event, [&seen](http::sse_event const& one) {
                seen += one.data.size();
                return true;
            });
            return seen;
        },
        // Without "data: " and the two line ends.
        [](std::size_t seen) { return seen == event.size() - 8; });
}

constexpr std::array<std::string_view, 1> wanted_members{"model"};
constexpr std::string_view model_name = "qwen/qwen3-coder-30b";

// `content` as often as it takes to fill `size` bytes, and the model before or after it.
void add_scanner(suite& parts, std::string const& name, std::string_view begin,
                 std::string_view content, std::size_t size, std::string_view end) {
    std::string body{begin};
    while (body.size() < size)
        body += content;
    body += end;
    parts.add(
        name, {body.size()},
        [body] {
            http::member_scanner scanner{wanted_members, 1};
            scanner.push(body);
            return scanner.value(0).text == model_name;
        },
        [](bool found) { return found; });
}

void add_scanners(suite& parts) {
    constexpr std::string_view model_first =
        R"({"model":"qwen/qwen3-coder-30b","messages":[{"role":"user","content":")";
    constexpr std::string_view model_last =
        R"("}],"temperature":0.7,"stream":true,"model":"qwen/qwen3-coder-30b"})";
    constexpr std::string_view messages = R"({"messages":[{"role":"user","content":")";
    constexpr std::string_view prose =
        R"(He said \"go\", and went on.\nThe quick brown fox jumps over the lazy dog, and then once )"
        R"(more; C:\\path is where it lives.\n\n)";
    constexpr std::string_view turn =
        R"("},{"role":"user","content":"What does the \"second wind\" of a runner mean?"},)"
        R"({"role":"assistant","content":"It is the feeling, after some minutes of hard effort, that )"
        R"(running becomes easier again: breath and heart have adapted to the load.)";
    constexpr std::string_view picture =
        R"({"messages":[{"content":[{"image_url":{"url":"data:image/png;base64,)";
    add_scanner(parts, "member_scanner/model_first", model_first, prose, 1'000, R"("}]})");
    add_scanner(parts, "member_scanner/model_last", messages, prose, 900, model_last);
    add_scanner(parts, "member_scanner/chat_of_100_kB", messages, turn, 100'000, model_last);
    add_scanner(parts, "member_scanner/prose_of_100_kB", messages, prose, 100'000, model_last);
    add_scanner(parts, "member_scanner/base64_of_1_MB", picture,
                "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", 1'000'000,
                R"("}}]}],"model":"qwen/qwen3-coder-30b"})");
}

} // namespace

void add_http_bodies(suite& parts) {
    add_framer(parts, "response_framer/event", 1);
    add_framer(parts, "response_framer/16_events", many);
    add_long_framer(parts);
    add_decoder(parts);
    add_events(parts);
    add_scanners(parts);
}

} // namespace secondwind::bench
