// Judges one answer in every way in which its body can arrive.
#pragma once

#include <secondwind/policy/classify.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::policy {

inline constexpr std::size_t roomy = 256 * 1024;
inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view stream_type = "text/event-stream";

inline judgement judge_pieces(int status, std::string_view type,
                              std::vector<std::string_view> const& pieces,
                              std::size_t bound = roomy) {
    classifier judge{status, type, bound};
    for (auto const piece : pieces)
        if (judge.push(piece))
            break;
    judge.finish();
    return judge.result();
}

// Whole, byte by byte, and at every single split; reports a difference and returns the judgement
// of the whole.
inline judgement judge_all_ways(int status, std::string_view type, std::string_view body,
                                std::size_t bound = roomy) {
    auto const undivided = judge_pieces(status, type, {body}, bound);

    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < body.size(); ++i)
        bytes.push_back(body.substr(i, 1));
    auto const bytewise = judge_pieces(status, type, bytes, bound);
    EXPECT_EQ(to_string(bytewise.verdict), to_string(undivided.verdict))
        << "byte by byte: " << body;
    EXPECT_EQ(bytewise.message, undivided.message) << "byte by byte: " << body;

    for (std::size_t i = 1; i < body.size(); ++i) {
        auto const split = judge_pieces(status, type, {body.substr(0, i), body.substr(i)}, bound);
        EXPECT_EQ(to_string(split.verdict), to_string(undivided.verdict)) << i << ": " << body;
        EXPECT_EQ(split.message, undivided.message) << i << ": " << body;
    }
    return undivided;
}

inline verdict verdict_of(int status, std::string_view type, std::string_view body) {
    return judge_all_ways(status, type, body).verdict;
}

// The first length of the body at which the classifier has decided; npos if only its end does.
inline std::size_t decided_after(int status, std::string_view type, std::string_view body) {
    classifier judge{status, type, roomy};
    for (std::size_t i = 0; i < body.size(); ++i)
        if (judge.push(body.substr(i, 1)))
            return i + 1;
    return std::string_view::npos;
}

// For GoogleTest's messages.
inline void PrintTo(verdict v, std::ostream* out) {
    *out << to_string(v);
}

} // namespace secondwind::policy
