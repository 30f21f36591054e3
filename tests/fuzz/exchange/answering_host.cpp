#include "answering_host.hpp"

#include <algorithm>
#include <utility>

namespace secondwind::fuzz {

namespace {

std::string answer_with(std::string_view status, std::string_view body) {
    return "HTTP/1.1 " + std::string{status} + "\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

} // namespace

answering_host::answering_host(stage& where, answer_script script)
    : stage_{where}, script_{script} {}

bool answering_host::step() {
    bool moved = false;
    while (auto came = stage_.accept()) {
        connections_.emplace_back(std::move(*came));
        moved = true;
    }
    for (auto& each : connections_) {
        // Requests first: a host does not go on with an answer once it is asked again.
        moved = serve(each) || moved;
        moved = speak(each) || moved;
    }
    return moved;
}

bool answering_host::serve(connection& on) {
    auto& wire = on.wire;
    bool const moved = wire.is_open() && wire.receive();
    if (moved && !wire.received.empty()) {
        if (switched(on))
            tunnelled_ += std::exchange(wire.received, {});
        else
            read(on);
    }
    if (wire.is_open() && wire.other() != peer::state::open)
        wire.reset();
    return moved;
}

bool answering_host::speak(connection& on) {
    if (!on.speaking || !on.wire.is_open())
        return false;
    auto const next = script_.bytes.substr(on.sent, script_.piece);
    on.wire.send(next);
    on.sent += next.size();
    sent_ = std::max(sent_, on.sent);
    if (on.sent < script_.bytes.size())
        return true;
    on.speaking = false;
    on.to_end = script_.end == last_word::reset;
    if (script_.end == last_word::close) {
        on.wire.half_close();
        closed_ = true;
    }
    if (script_.end == last_word::reset_at_once) {
        on.wire.reset();
        reset_ = true;
    }
    return true;
}

bool answering_host::end_quietly() {
    bool any = false;
    for (auto& each : connections_) {
        if (!std::exchange(each.to_end, false) || !each.wire.is_open())
            continue;
        each.wire.reset();
        any = reset_ = true;
    }
    return any;
}

std::size_t answering_host::open() const {
    return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                  [](auto const& c) { return c.wire.is_open(); }));
}

bool answering_host::switched(connection const& on) const {
    if (!on.asked_upgrade || !on.scripted)
        return false;
    auto const found = find_final(script_.bytes.substr(0, on.sent), on.asked_head, false);
    return found.state == reading::complete && found.head.status == 101;
}

void answering_host::read(connection& on) {
    message request;
    auto const state = read_request(on.wire.received, request);
    require(state != reading::malformed, "the host is sent no malformed request");
    if (state == reading::incomplete)
        return;
    require(request.size == on.wire.received.size(), "no request comes before an answer");
    on.wire.received.clear();
    if (on.scripted)
        check_reuse(on);
    on.scripted = on.speaking = on.to_end = false;
    on.sent = 0;
    route(on, request);
}

// Only a connection whose answer was whole, was meant to persist and had nothing behind it may be
// used again.
void answering_host::check_reuse(connection const& on) const {
    auto const found = find_final(script_.bytes.substr(0, on.sent), on.asked_head, false);
    require(found.state == reading::complete && found.head.framing != framing::until_close,
            "a connection is used again behind a whole answer only");
    require(found.head.size == found.bytes.size(), "a connection with a surplus is not used again");
    require(found.head.persists(), "a connection that was to close is not used again");
}

void answering_host::route(connection& on, message const& request) {
    if (request.target == second_path) {
        on.wire.send(answer_with("200 OK", second_body));
    } else if (request.target == "/api/v1/models") {
        list(on);
    } else if (request.target == "/api/v1/models/unload") {
        unload(on, request);
    } else if (request.target != scripted_path) {
        on.wire.send(answer_with("200 OK", "warm"));
    } else if (++attempts_ > 1 && !script_.same_again) {
        on.wire.send(answer_with(good_status, request.method == "HEAD" ? "" : good_body));
    } else {
        on.scripted = on.speaking = true;
        on.asked_head = request.method == "HEAD";
        on.asked_upgrade = request.count("Upgrade") > 0;
    }
}

void answering_host::list(connection& on) {
    if (script_.listing == fuzz::listing::cut) {
        on.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"models\":");
        on.wire.reset();
        return;
    }
    if (script_.listing == fuzz::listing::unknown_path) {
        on.wire.send(
            answer_with("404 Not Found", "{\"error\":\"Unexpected endpoint or method.\"}"));
        return;
    }
    std::string models;
    for (auto const& id : loaded_)
        models.append(models.empty() ? "" : ",")
            .append("{\"key\":\"" + id + "\",\"size_bytes\":5,\"loaded_instances\":[{\"id\":\"" +
                    id + "\"}]}");
    on.wire.send(answer_with("200 OK", "{\"models\":[" + models + "]}"));
}

void answering_host::unload(connection& on, message const& request) {
    auto const id = std::find_if(loaded_.begin(), loaded_.end(), [&](auto const& each) {
        return request.body == "{\"instance_id\":\"" + each + "\"}";
    });
    require(id != loaded_.end(), "what is unloaded was loaded");
    if (script_.listing == fuzz::listing::unload_refused) {
        on.wire.send(answer_with("500 Internal Server Error", "{\"error\":\"no\"}"));
        return;
    }
    on.wire.send(answer_with("200 OK", request.body));
    loaded_.erase(id);
}

final_answer find_final(std::string_view bytes, bool bodiless, bool closed) {
    final_answer found;
    for (;;) {
        found.bytes = bytes;
        found.state = read_answer(bytes, bodiless, closed, found.head);
        if (found.state != reading::complete || found.head.status >= 200 ||
            found.head.status == 101)
            return found;
        bytes.remove_prefix(found.head.size);
        found.interims.push_back(std::move(found.head));
    }
}

} // namespace secondwind::fuzz
