// Decodes the content codings that come from zlib (RFC 9110 section 8.4.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace secondwind::http {

enum class inflater_state : std::uint8_t {
    need_more, // the body continues
    complete,  // it may end here: its end and its checksum were seen
    full,      // the bound was reached; the rest is ignored
    bad        // invalid in its coding; nothing more is decoded
};

// Takes an encoded body in any pieces, and hands out the decoded bytes as they come, but never more
// than its bound, so that a small body that decodes to a huge one does no harm.
//
//     if (auto text = inflater::for_encoding(head.content_encoding, bound))
//         text->push(bytes, [](std::string_view decoded) { ...; return true; });
//
// gzip (and its old name x-gzip) may have several members, one after the other (RFC 1952 section
// 2.2); anything else after them is ignored, as gzip itself does. deflate is in zlib's format (RFC
// 1950), or without it, as some servers send it (RFC 9110 section 8.4.1.2).
class inflater {
public:
    // Returns false to stop the inflater for good.
    using handler = std::function<bool(std::string_view decoded)>;

    // Returns nothing for an unknown coding, or for several; compared without case. `bound` also
    // limits the encoded bytes, because they may decode to nothing.
    static std::optional<inflater> for_encoding(std::string_view content_encoding,
                                                std::size_t bound);

    // Neither the output nor the state after the last byte depends on the pieces.
    inflater_state push(std::string_view in, handler const& use);

    inflater_state state() const noexcept;

private:
    struct decoder;
    struct ending {
        void operator()(decoder* ended) const noexcept;
    };
    using owned = std::unique_ptr<decoder, ending>;

    explicit inflater(owned with) noexcept : decoder_{std::move(with)} {}

    owned decoder_; // zlib's state contains its own address
};

} // namespace secondwind::http
