#include <secondwind/base/ascii.hpp>
#include <secondwind/http/head.hpp>
#include <secondwind/http/inflate.hpp>

#define ZLIB_CONST // or its input would not be const
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

namespace secondwind::http {

namespace {

enum class format : std::uint8_t { gzip, deflate };

// As inflateInit2() takes them: the largest window, and what is wrapped around the data.
constexpr int zlib_wrapper = 15;
constexpr int gzip_wrapper = 15 + 16;
constexpr int no_wrapper = -15;

std::optional<format> format_of(std::string_view content_encoding) noexcept {
    if (iequals(content_encoding, "gzip") || iequals(content_encoding, "x-gzip"))
        return format::gzip;
    if (iequals(content_encoding, "deflate"))
        return format::deflate;
    return std::nullopt;
}

// RFC 1950 section 2.2. Data without that wrapper only looks like this if it begins with a block
// whose padding is not zero.
bool begins_zlib(unsigned char first, unsigned char second) noexcept {
    return (first & 0x0fU) == 8 && (first >> 4U) <= 7 && (first * 256U + second) % 31 == 0;
}

} // namespace

struct inflater::decoder {
    enum class phase : std::uint8_t { opening, data, over };

    std::string_view next(std::string_view& in);
    bool collect(std::string_view& in);
    void open();
    void judge(int result, bool all_taken);

    z_stream z{};
    format coding = format::gzip;
    phase now = phase::opening;
    inflater_state state = inflater_state::need_more;
    bool first_member = true;
    std::size_t bound = 0;
    std::size_t taken = 0;
    std::size_t given = 0;

    // The first two bytes show the actual format, and whether there is another member.
    std::array<unsigned char, 2> opening{};
    std::size_t opening_size = 0;
    std::string_view opening_left;

    std::array<unsigned char, 4096> out;
};

void inflater::ending::operator()(decoder* ended) const noexcept {
    inflateEnd(&ended->z);
    delete ended;
}

std::optional<inflater> inflater::for_encoding(std::string_view content_encoding,
                                               std::size_t bound) {
    auto const coding = format_of(content_encoding);
    if (!coding)
        return std::nullopt;
    owned fresh{new decoder};
    fresh->coding = *coding;
    fresh->bound = bound;
    if (inflateInit2(&fresh->z, *coding == format::gzip ? gzip_wrapper : zlib_wrapper) != Z_OK)
        return std::nullopt;
    return inflater{std::move(fresh)};
}

inflater_state inflater::push(std::string_view in, handler const& use) {
    auto& d = *decoder_;
    in = in.substr(0, d.bound - d.taken);
    d.taken += in.size();
    for (auto piece = d.next(in); !piece.empty(); piece = d.next(in))
        if (!use(piece))
            d.now = decoder::phase::over;
    if (d.taken == d.bound && d.state == inflater_state::need_more)
        d.state = inflater_state::full;
    return d.state;
}

inflater_state inflater::state() const noexcept {
    return decoder_->state;
}

// The next decoded bytes; none when all of `in` was used, or when decoding has ended.
std::string_view inflater::decoder::next(std::string_view& in) {
    while (now != phase::over) {
        if (now == phase::opening) {
            if (!collect(in))
                return {};
            open();
            continue;
        }
        auto& from = opening_left.empty() ? in : opening_left;
        auto const size =
            static_cast<uInt>(std::min<std::size_t>(from.size(), std::numeric_limits<uInt>::max()));
        auto const room = static_cast<uInt>(std::min(out.size(), bound - given));
        z.next_in = reinterpret_cast<Bytef const*>(from.data());
        z.avail_in = size;
        z.next_out = out.data();
        z.avail_out = room;
        auto const result = inflate(&z, Z_NO_FLUSH);
        from.remove_prefix(size - z.avail_in);
        std::size_t const size_out = room - z.avail_out;
        given += size_out;
        judge(result, from.empty());
        if (size_out != 0)
            return {reinterpret_cast<char const*>(out.data()), size_out};
        if (in.empty() && now == phase::data)
            return {};
    }
    return {};
}

bool inflater::decoder::collect(std::string_view& in) {
    for (; opening_size < opening.size() && !in.empty(); in.remove_prefix(1))
        opening[opening_size++] = static_cast<unsigned char>(in.front());
    return opening_size == opening.size();
}

void inflater::decoder::open() {
    int result = Z_OK;
    if (coding == format::gzip) {
        if (opening[0] != 0x1f || opening[1] != 0x8b) {
            // No member, or something after the last one.
            state = first_member ? inflater_state::bad : inflater_state::complete;
            now = phase::over;
            return;
        }
        result = inflateReset(&z);
    } else if (!begins_zlib(opening[0], opening[1])) {
        result = inflateReset2(&z, no_wrapper);
    }
    state = result == Z_OK ? inflater_state::need_more : inflater_state::bad;
    now = result == Z_OK ? phase::data : phase::over;
    opening_left = {reinterpret_cast<char const*>(opening.data()), opening.size()};
    opening_size = 0;
    first_member = false;
}

// The bound is checked first: otherwise the pieces would decide whether a fault after it is found.
void inflater::decoder::judge(int result, bool all_taken) {
    if (given == bound) {
        state = inflater_state::full;
        now = phase::over;
    } else if (result == Z_STREAM_END) {
        state = inflater_state::complete;
        now = coding == format::gzip ? phase::opening : phase::over;
    } else if (result != Z_OK && !(result == Z_BUF_ERROR && all_taken)) {
        state = inflater_state::bad;
        now = phase::over;
    }
}

} // namespace secondwind::http
