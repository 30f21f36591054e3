// Reads of an event of a stream whether it brings any output yet, where its type does not say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secondwind::lmstudio {

// A chunk of OpenAI's chat completions or completions that brings no output: all that its choices
// have is a role, or text that is empty.
struct empty_chunk {
    std::string roles; // the indices of the choices that are given their role; mostly empty
};
// Nothing for any other JSON: one with content, reasoning, a tool call, usage or a finish reason.
std::optional<empty_chunk> read_empty_chunk(std::string_view json);

// What an Anthropic content_block_start begins.
struct content_block {
    std::string index;
    std::string type;   // "text", "thinking", "tool_use", ...
    bool empty = false; // a text or thinking block that has no text yet
};
// Nothing for JSON without a content block.
std::optional<content_block> read_content_block(std::string_view json);

// An Anthropic content_block_delta whose text or thinking is empty.
bool is_empty_delta(std::string_view json);

} // namespace secondwind::lmstudio
