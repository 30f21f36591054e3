// What a client got over one connection, answer by answer.
#pragma once

#include "support/wire.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::test {

struct transcript {
    std::size_t interims = 0;
    // The last one may be incomplete. After a 101, all bytes are its body.
    std::vector<http_answer> answers;
    std::size_t complete = 0; // answers
    std::string half_a_head;  // the beginning of another one
};

// Throws std::runtime_error if the bytes are not answers.
transcript read_transcript(std::string_view bytes, ending how);

// How many complete request heads a client sent.
std::size_t count_heads(std::string_view bytes);

} // namespace secondwind::test
