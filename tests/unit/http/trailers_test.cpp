#include <secondwind/http/response_framer.hpp>
#include <secondwind/http/response_head.hpp>
#include <secondwind/http/trailers.hpp>

#include <gtest/gtest.h>

#include <string>

namespace secondwind::http {
namespace {

TEST(trailers, lose_what_would_mean_something_in_a_head) {
    EXPECT_EQ(without_harmful_trailers("\r\n"), "\r\n");
    EXPECT_EQ(without_harmful_trailers("A: b\r\ncontent-length: 5\r\nTransfer-Encoding: x\r\n"
                                       "Connection: close\r\nX-Secondwind-Recovery: recovered\r\n"
                                       "Digest: c\r\n\r\n"),
              "A: b\r\nDigest: c\r\n\r\n");
    EXPECT_EQ(without_harmful_trailers("Content-Length:5\r\n\r\n"), "\r\n");
}

// As the relay does it, with pieces of this size.
std::string relayed(std::string_view body, std::size_t piece) {
    response_head head;
    head.framing = framing::chunked;
    response_framer framer{head};
    trailer_filter filter;
    std::string out;
    for (std::size_t at = 0; at < body.size(); at += piece) {
        auto const bytes = body.substr(at, piece);
        std::size_t taken = 0;
        auto begin = trailer_filter::none;
        while (taken < bytes.size() && framer.state() == decoder_state::need_more) {
            if (begin == trailer_filter::none && framer.in_trailers())
                begin = taken;
            taken += framer.push_run(bytes.substr(taken)).consumed;
        }
        EXPECT_EQ(taken, bytes.size());
        out += filter.pass(bytes, begin, framer.state() == decoder_state::complete);
    }
    EXPECT_EQ(framer.state(), decoder_state::complete);
    return out;
}

TEST(trailers, are_filtered_however_they_arrive) {
    std::string const chunks = "5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n";
    std::string const sent = chunks + "A: b\r\nContent-Length: 5\r\nC: d\r\n\r\n";
    for (std::size_t piece = 1; piece <= sent.size(); ++piece) {
        EXPECT_EQ(relayed(sent, piece), chunks + "A: b\r\nC: d\r\n\r\n") << piece;
        EXPECT_EQ(relayed(chunks + "\r\n", piece), chunks + "\r\n") << piece;
    }
}

} // namespace
} // namespace secondwind::http
