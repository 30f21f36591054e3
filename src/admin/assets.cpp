#include "assets.hpp"

namespace secondwind::admin {

namespace {

// An ETag has no comma and no quote within (ours are hexadecimal), so it is found as it stands. A
// weak one, "W/" before it, names the same bytes here (RFC 9110 section 13.1.2).
bool names(std::string_view if_none_match, std::string_view etag) noexcept {
    return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

} // namespace

reply asset_reply(asset const& what, std::string_view if_none_match) {
    reply r;
    r.content_type = what.content_type;
    r.etag = what.etag;
    if (names(if_none_match, what.etag))
        r.status = 304;
    else
        r.body = what.bytes;
    return r;
}

} // namespace secondwind::admin
