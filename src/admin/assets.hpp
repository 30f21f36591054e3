// The dashboard's files, which are part of the executable (cmake/embed.cmake). Pure.
#pragma once

#include "message.hpp"

#include <string_view>

namespace secondwind::admin {

struct asset {
    std::string_view path; // as it is asked for: "/", "/assets/main.js"
    std::string_view content_type;
    std::string_view bytes;
    std::string_view etag; // made from the bytes, in its quotes
};

// The one of that path, or nothing. It lives as long as the process.
asset const* find_asset(std::string_view path) noexcept;

// The file, or 304 where the client has it already: where its If-None-Match names the ETag, or "*".
reply asset_reply(asset const& what, std::string_view if_none_match);

} // namespace secondwind::admin
