#include <secondwind/telemetry/model_counts.hpp>

#include <algorithm>

namespace secondwind::telemetry {

namespace {

std::uint8_t hash_of(std::string_view model, std::string_view host) noexcept {
    auto const ends = [](std::string_view text) {
        return static_cast<unsigned>(static_cast<unsigned char>(text.front()) +
                                     3 * static_cast<unsigned char>(text[text.size() / 2]) +
                                     7 * static_cast<unsigned char>(text.back()) + text.size());
    };
    return static_cast<std::uint8_t>(ends(model) + 31 * ends(host));
}

// Empty for a request that was answered well.
std::string_view error_of(finished const& one) noexcept {
    if (one.failed)
        return one.ended;
    return one.answered_with_error() ? one.verdict : std::string_view{};
}

void add(std::vector<std::pair<std::string_view, std::uint64_t>>& errors, std::string_view word) {
    auto const known =
        std::ranges::find(errors, word, &std::pair<std::string_view, std::uint64_t>::first);
    if (known != errors.end())
        ++known->second;
    else
        errors.emplace_back(word, 1);
}

} // namespace

model_counts::counts& model_counts::find(std::string_view model, std::string_view host) {
    auto& likely = likely_[hash_of(model, host)];
    if (likely < all_.size() && all_[likely].is_of(model, host))
        return all_[likely];
    auto at = static_cast<std::size_t>(
        std::ranges::find_if(all_, [&](counts const& each) { return each.is_of(model, host); }) -
        all_.begin());
    if (at == all_.size()) {
        if (at >= most && model != other)
            return find(other, host);
        all_.emplace_back();
        all_.back().model = model;
        all_.back().host = host;
    }
    if (at < likely_.size())
        likely = static_cast<std::uint8_t>(at);
    return all_[at];
}

void model_counts::ended(finished const& one) {
    if (one.model.empty() || one.host.empty())
        return;
    auto& of = find(one.model, one.host);
    ++of.requests;
    if (one.tokens_in > 0)
        of.tokens_in += static_cast<std::uint64_t>(one.tokens_in);
    if (one.tokens_out > 0)
        of.tokens_out += static_cast<std::uint64_t>(one.tokens_out);
    if (one.left())
        return;
    if (auto const error = error_of(one); !error.empty())
        add(of.errors, error);
    else if (one.first_byte >= 0)
        of.first_bytes.observe(one.first_byte);
}

} // namespace secondwind::telemetry
