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

// Fed an encoded body in any pieces; hands out what it decodes to as it comes, and never more than
// its bound of it, so that a small body that decodes to an endless one does no harm.
//
//     if (auto text = inflater::for_encoding(head.content_encoding, bound))
//         text->push(bytes, [](std::string_view decoded) { ...; return true; });
//
// gzip (and its old name x-gzip) may be several members, one after the other (RFC 1952 section
// 2.2); what follows them and is not one is ignored, as gzip itself does. deflate is in zlib's
// format (RFC 1950), or without it, as some servers send it (RFC 9110 section 8.4.1.2).
class inflater {
public:
    enum class status : std::uint8_t {
        need_more, // the body goes on
        complete,  // it may end here: its own end and its checksum were seen
        full,      // the bound was met; what follows is not looked at
        bad        // it is not what its coding says; nothing more is decoded
    };
    // Returns false to stop the inflater for good.
    using handler = std::function<bool(std::string_view decoded)>;

    // Nothing for a coding that is not known here, and for several of them; compared without case.
    // `bound` holds for the encoded bytes as well: some say nothing, however many they are.
    static std::optional<inflater> for_encoding(std::string_view content_encoding,
                                                std::size_t bound);

    // Neither what is handed out nor the status after the last byte depends on the pieces.
    status push(std::string_view in, handler const& use);

    status state() const noexcept;

private:
    struct decoder;
    struct ending {
        void operator()(decoder* ended) const noexcept;
    };
    using owned = std::unique_ptr<decoder, ending>;

    explicit inflater(owned with) noexcept : decoder_{std::move(with)} {}

    owned decoder_; // zlib's state knows its own address
};

} // namespace secondwind::http
