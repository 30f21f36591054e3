// Bodies as servers encode them.
#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace secondwind::test {

// The values that deflateInit2() takes.
enum class coding : int { gzip = 15 + 16, zlib = 15, raw = -15 };

class encoder {
public:
    explicit encoder(coding how = coding::gzip) {
        if (deflateInit2(&z_, Z_BEST_COMPRESSION, Z_DEFLATED, static_cast<int>(how), 8,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::runtime_error{"no encoder"};
    }
    encoder(encoder const&) = delete;
    encoder& operator=(encoder const&) = delete;
    ~encoder() { deflateEnd(&z_); }

    // Flushes: everything that is needed to decode the text so far.
    std::string flush(std::string_view text) { return add(text, Z_SYNC_FLUSH); }
    std::string finish(std::string_view text = {}) { return add(text, Z_FINISH); }

private:
    std::string add(std::string_view text, int how) {
        std::string taken{text}; // zlib's input is not const
        z_.next_in = reinterpret_cast<Bytef*>(taken.data());
        z_.avail_in = static_cast<uInt>(taken.size());
        std::string out;
        do {
            Bytef piece[4096];
            z_.next_out = piece;
            z_.avail_out = sizeof piece;
            deflate(&z_, how);
            out.append(reinterpret_cast<char*>(piece), sizeof piece - z_.avail_out);
        } while (z_.avail_out == 0);
        return out;
    }

    z_stream z_{};
};

inline std::string encoded(std::string_view text, coding how = coding::gzip) {
    return encoder{how}.finish(text);
}

} // namespace secondwind::test
