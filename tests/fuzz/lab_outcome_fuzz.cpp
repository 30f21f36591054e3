// The answers of a host, whatever they say, make one outcome, and an error that can be kept.
#include "target.hpp"

#include "lab/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lab_outcome_fuzz {
namespace {

using namespace secondwind;
using secondwind::fuzz::require;

void require_kept(lab::judged const& judged, std::string_view error) {
    require(judged.error.size() <= registry::longest_error);
    require(registry::outcome_from_string(registry::to_string(judged.outcome)) == judged.outcome);
    // What the host has said is never more than its beginning.
    if (judged.error.size() > 100)
        require(error.starts_with(judged.error) || judged.error.starts_with("another instance"));
}

// The first byte chooses how the call ended, the second the status; the rest is the text.
void test(std::uint8_t const* data, std::size_t size) {
    if (size < 2)
        return;
    auto const end = static_cast<lab::call_end>(data[0] % 5);
    int const status = 200 + data[1] % 5 * 100 + data[1] / 5;
    std::string const text{reinterpret_cast<char const*>(data + 2), size - 2};

    lab::load_answer load;
    load.end = end;
    load.status = status;
    load.error = text;
    auto const first = lab::judge_load(load, 8192, 4096);
    require_kept(first, text);
    if (end == lab::call_end::answered && !text.empty())
        require(first.outcome != registry::outcome::good);

    auto const sent = lab::make_prompt(300, lab::default_tokens_per_line, data[0]);
    lab::chat_answer chat;
    chat.end = end;
    chat.status = status;
    chat.error = text;
    require_kept(lab::judge_chat(chat, "m", sent, 300, true, true), text);
    // The same text as an answer.
    chat.error.clear();
    chat.text = text;
    chat.complete = true;
    chat.instance = text;
    auto const answered = lab::judge_chat(chat, text, sent, 300, true, true);
    if (answered.outcome == registry::outcome::good)
        require(lab::recalled(sent, text) == registry::recall::both);
    require_kept(lab::judge_chat(chat, "m", sent, 300, false, false), text);

    lab::embedding_answer embedding;
    embedding.end = end;
    embedding.status = status;
    embedding.error = text;
    require_kept(lab::judge_embedding(embedding), text);
}

secondwind::fuzz::target const registered{"lab_outcome", test};

} // namespace
} // namespace lab_outcome_fuzz
