#include "assets.hpp"

namespace secondwind::admin {

namespace {

// Our ETags are hexadecimal, so a search for the quoted text is exact. A weak one ("W/") stands for
// the same bytes (RFC 9110 section 13.1.2).
bool matches(std::string_view if_none_match, std::string_view etag) noexcept {
    return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

} // namespace

reply asset_reply(asset const& asset, std::string_view if_none_match) {
    reply out;
    out.content_type = asset.content_type;
    out.etag = asset.etag;
    if (matches(if_none_match, asset.etag))
        out.status = 304;
    else
        out.body = asset.bytes;
    return out;
}

} // namespace secondwind::admin
