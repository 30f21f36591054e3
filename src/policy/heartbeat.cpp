#include <secondwind/policy/heartbeat.hpp>

#include <secondwind/base/json.hpp>
#include <secondwind/http/member_scanner.hpp>
#include <secondwind/http/replies.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace secondwind::policy {

bool wants_event_stream(std::string_view path, std::string_view body) noexcept {
    constexpr std::size_t most_read = 8 * 1024 * 1024;
    static constexpr std::array<std::string_view, 7> paths{
        "/v1/chat/completions", "/v1/completions",          "/v1/responses", "/v1/messages",
        "/api/v0/completions",  "/api/v0/chat/completions", "/api/v1/chat"};
    if (std::ranges::find(paths, path) == paths.end() || body.size() > most_read)
        return false;
    static constexpr std::array<std::string_view, 1> names{"stream"};
    http::member_scanner scanner{names, 1};
    scanner.push(body);
    auto const stream = scanner.value(0);
    return stream.kind == http::member_kind::literal && stream.text == "true";
}

std::string error_event_of(std::string_view path, std::string_view body) {
    auto const document = nlohmann::ordered_json::parse(body, nullptr, false);
    if (!document.is_object() || !document.contains("error"))
        return {};
    return http::event_of_error(write_json(document), path);
}

} // namespace secondwind::policy
