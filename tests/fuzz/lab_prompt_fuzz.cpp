// Prompts of any size and cost have their codes at both ends and stay within bounds.
#include "target.hpp"

#include "lab/prompt.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace lab_prompt_fuzz {
namespace {

using namespace secondwind;
using secondwind::fuzz::require;

// A cost, a nonce and a count; what is left is an answer.
void test(std::uint8_t const* data, std::size_t size) {
    double cost = 0;
    std::uint64_t nonce = 0;
    std::int32_t tokens = 0;
    constexpr std::size_t head = sizeof cost + sizeof nonce + sizeof tokens;
    if (size < head)
        return;
    std::memcpy(&cost, data, sizeof cost);
    std::memcpy(&nonce, data + sizeof cost, sizeof nonce);
    std::memcpy(&tokens, data + sizeof cost + sizeof nonce, sizeof tokens);
    tokens %= 100'000; // longer ones only take longer

    auto const made = lab::make_prompt(tokens, cost, nonce);
    require(made.lines >= 0 && made.text.size() <= 200 + 40 * static_cast<std::size_t>(made.lines));
    require(made.first_code != made.last_code);
    require(lab::recalled(made, made.text) == registry::recall::both);
    auto const counted = lab::tokens_per_line(made, tokens);
    require(counted >= 1 && counted <= 100);
    require(lab::make_text(tokens, nonce).size() <= 4U * 100'000);
    require(lab::fill_for(tokens, 64) >= 1 && lab::text_for(tokens) >= 1);

    std::string_view const answer{reinterpret_cast<char const*>(data) + head, size - head};
    lab::recalled(made, answer);
}

secondwind::fuzz::target const registered{"lab_prompt", test};

} // namespace
} // namespace lab_prompt_fuzz
