// Answers of a host to the lab's own calls. The first byte tells where a stream is cut in two: that
// makes no difference. Numbers that come of them are within their ranges.
#include "target.hpp"

#include "lab/documents.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lab_answers_fuzz {
namespace {

using namespace secondwind;
using secondwind::fuzz::require;

void require_within(std::optional<std::int64_t> value, std::int64_t least, std::int64_t most) {
    require(!value || (*value >= least && *value <= most));
}

void test_listing(std::string_view text) {
    auto const read = lab::parse_listing(text);
    if (!read) {
        require(!lab::describe_no_listing(200, text).empty());
        return;
    }
    for (auto const& each : read->models) {
        require(!each.facts.key.empty() && each.facts.key.size() <= registry::longest_key);
        require_within(each.facts.size, 1, registry::largest_size);
        require_within(each.facts.max_context, 1, registry::largest_context);
        for (auto const& one : each.loaded) {
            require(!one.id.empty() && one.model == each.facts.key);
            require_within(one.context, 0, registry::largest_context);
        }
    }
}

lab::chat_answer chat_of(std::string_view first, std::string_view rest) {
    lab::chat_answer answer;
    lab::chat_reader reader{answer};
    reader.push(first);
    reader.push(rest);
    reader.finish();
    return answer;
}

void test_chat(std::string_view text, std::size_t at) {
    auto const whole = chat_of(text, {});
    auto const cut = chat_of(text.substr(0, at), text.substr(at));
    require(whole.complete == cut.complete && whole.error == cut.error && whole.text == cut.text &&
            whole.instance == cut.instance && whole.input_tokens == cut.input_tokens &&
            whole.tps == cut.tps);
    require_within(whole.input_tokens, 0, registry::largest_context);
    require_within(whole.output_tokens, 0, registry::largest_context);
}

void test(std::uint8_t const* data, std::size_t size) {
    std::string_view const all{reinterpret_cast<char const*>(data), size};
    if (all.empty())
        return;
    auto const text = all.substr(1);
    test_listing(text);
    test_chat(text, text.empty() ? 0 : data[0] % (text.size() + 1));
    lab::load_answer loaded;
    loaded.status = 200;
    lab::read_load(loaded, text);
    require(loaded.error.empty() != loaded.instance.empty());
    require_within(loaded.context, 0, registry::largest_context);
    lab::embedding_answer embedded;
    lab::read_embedding(embedded, text);
    if (auto const guess = lab::parse_estimate(text))
        require_within(guess->memory, 0, registry::largest_size);
}

secondwind::fuzz::target const registered{"lab_answers", test};

} // namespace
} // namespace lab_answers_fuzz
