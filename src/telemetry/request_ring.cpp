#include <secondwind/telemetry/request_ring.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace secondwind::telemetry {

namespace {

// Bytes of one text. What identifies a request comes first, so that it is whole where the others
// are long.
constexpr std::size_t longest_name = 48;
constexpr std::size_t longest_model = 96;
constexpr std::size_t longest_other = 64;

struct free_space {
    char* next;
    char const* end;

    void take(std::string_view& text, std::size_t most) noexcept {
        if (text.empty())
            return;
        auto const size = std::min({text.size(), most, static_cast<std::size_t>(end - next)});
        std::memcpy(next, text.data(), size);
        text = {next, size};
        next += size;
    }
};

} // namespace

void request_ring::row::keep_texts() noexcept {
    free_space space{texts_.data(), texts_.data() + texts_.size()};
    space.take(told_.host, longest_name);
    space.take(told_.model, longest_model);
    space.take(told_.client, longest_name);
    space.take(told_.address, longest_name);
    space.take(told_.agent, longest_name);
    space.take(told_.path, longest_other);
    space.take(told_.id, longest_other);
    space.take(told_.detail, longest_other);
}

request_ring::row& request_ring::next_row() {
    ++newest_;
    if (most_ == 0)
        return passing_;
    if (rows_.size() < most_) {
        last_ = rows_.size();
        return rows_.emplace_back();
    }
    last_ = last_ + 1 < most_ ? last_ + 1 : 0;
    return rows_[last_];
}

bool request_ring::make_static(std::string_view& word) {
    constexpr std::size_t most_words = 100; // verdicts, outcomes, endings and faults are fewer
    auto found = words_.find(word);
    if (found == words_.end() && words_.size() < most_words)
        found = words_.emplace(word).first;
    bool const known = found != words_.end();
    word = known ? std::string_view{*found} : std::string_view{};
    return known;
}

bool request_ring::add_again(finished const& one, std::vector<earlier_attempt> earlier) {
    auto told = one;
    bool known = make_static(told.verdict) && make_static(told.recovery) && make_static(told.ended);
    for (auto& each : earlier)
        known = known && make_static(each.reason);
    if (known)
        add([&told](finished& into) { into = told; }, earlier);
    return known;
}

void request_ring::bound(std::size_t rows) {
    if (rows == most_)
        return;
    auto const kept = std::min(rows, rows_.size());
    std::vector<row> next;
    // Rows do not move: their texts are views into them. What is not used yet costs no memory.
    next.reserve(rows);
    for (auto number = newest_ + 1 - kept; number <= newest_; ++number)
        next.push_back(std::move(rows_[place_of(number)]));
    rows_ = std::move(next);
    most_ = rows;
    last_ = kept == 0 ? 0 : kept - 1;
}

} // namespace secondwind::telemetry
