#include "strict_host.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace secondwind::fuzz {

namespace {

constexpr std::string_view switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                       "Upgrade: websocket\r\n\r\nhello";

void check(message const& r) {
    bool const tunnel = same_word(r.value("Upgrade"), "websocket");
    auto const hosts = r.count("Host");
    require(!r.http10, "our own version goes up");
    require(hosts == 1, "one Host");
    require(r.method != "CONNECT", "no CONNECT");
    require(r.target.front() == '/' || (r.target == "*" && r.method == "OPTIONS"), "origin-form");
    // Octets that no URL has but that cannot be taken for a delimiter pass, as raw UTF-8.
    require(std::none_of(
                r.target.begin(), r.target.end(),
                [](char c) { return static_cast<unsigned char>(c) <= 32 || c == 127 || c == '#'; }),
            "no space, control character or fragment in a target");
    require(r.count("Connection") == (tunnel ? 1U : 0U), "one Connection of ours");
    if (tunnel)
        require(r.value("Connection") == "Upgrade" && r.count("Upgrade") == 1, "a proper upgrade");
    for (auto const& [name, value] : r.fields)
        require(!r.hop_by_hop(name) || same_word(name, "Connection") ||
                    (tunnel && same_word(name, "Upgrade")),
                "no field of the client's own connection");
}

} // namespace

std::string echo(std::size_t number, message const& request) {
    auto text = "#" + std::to_string(number) + " " + std::to_string(request.body.size());
    text.resize(16, '.'); // so that a chunk of it is always 0x10 bytes
    return text;
}

bool strict_host::step() {
    bool moved = false;
    while (auto came = stage_.accept()) {
        connections_.emplace_back(std::move(*came));
        moved = true;
    }
    for (auto& each : connections_)
        moved = (each.wire.is_open() && serve(each)) || moved;
    return moved;
}

std::size_t strict_host::open() const {
    return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                  [](auto const& c) { return c.wire.is_open(); }));
}

bool strict_host::serve(connection& on) {
    auto& wire = on.wire;
    bool const moved = wire.receive();
    auto& bytes = wire.received;
    if (on.tunnel) {
        wire.send(bytes);
        tunnelled += std::exchange(bytes, {});
    } else if (moved && !bytes.empty()) {
        read(on);
    }
    if (wire.is_open() && wire.other() != peer::state::open)
        wire.reset();
    return moved;
}

void strict_host::read(connection& on) {
    auto& bytes = on.wire.received;
    message request;
    auto const state = read_request(bytes, request);
    require(state != reading::malformed, "the host is sent no malformed request");
    require(!bytes.starts_with("\r\n"), "no empty line in front of a request");
    if (state == reading::incomplete)
        return;
    require(request.size == bytes.size(), "nothing comes behind a request before its answer");
    check(request);
    heads.push_back(bytes.substr(0, request.head_size));
    bytes.clear();
    answer(on, request);
    served.push_back(std::move(request));
}

void strict_host::answer(connection& on, message const& request) {
    if (how_.upgrades && request.count("Upgrade") > 0) {
        on.wire.send(switching);
        on.tunnel = true;
        return;
    }
    auto const body = echo(served.size(), request);
    std::string out = "HTTP/1.1 200 OK\r\nX-Number: " + std::to_string(served.size());
    out += how_.closes ? "\r\nConnection: close" : "";
    if (how_.chunks)
        out += "\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + body + "\r\n0\r\n\r\n";
    else
        out += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (request.method == "HEAD")
        out.resize(out.find("\r\n\r\n") + 4);
    on.wire.send(out);
    if (how_.closes)
        on.wire.close();
}

} // namespace secondwind::fuzz
