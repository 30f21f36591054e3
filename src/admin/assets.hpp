// The files of the dashboard, embedded in the executable (cmake/embed.cmake). Pure.
#pragma once

#include "message.hpp"

#include <string_view>

namespace secondwind::admin {

struct asset {
    std::string_view path; // of the URL: "/", "/assets/main.js"
    std::string_view content_type;
    std::string_view bytes;
    std::string_view etag; // a hash of the bytes, with its quotes
};

// The file of that path, or null. It lives as long as the process.
asset const* find_asset(std::string_view path) noexcept;

// The file, or 304 if the client already has it: its If-None-Match contains the ETag, or "*".
reply asset_reply(asset const& asset, std::string_view if_none_match);

} // namespace secondwind::admin
