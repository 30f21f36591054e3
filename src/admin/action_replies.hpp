// What actions reply.
#pragma once

#include "api_json.hpp"
#include "message.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace secondwind::admin {

inline reply document_reply(json const& document) {
    reply out;
    out.body = to_text(document);
    return out;
}

inline reply bad_request(std::string_view message) {
    return error_reply(400, "bad_request", message);
}

} // namespace secondwind::admin
