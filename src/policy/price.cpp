#include <secondwind/policy/price.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace secondwind::policy {

namespace {

constexpr double share_of_company = 0.05;
constexpr double cost_of_a_load = 2;
constexpr seconds doubt{60};
constexpr seconds absence{7200};
constexpr seconds refusal{3600};
constexpr seconds forgetting{240};
constexpr std::uint64_t basis = 0xcbf29ce484222325; // of FNV-1a

std::uint64_t add(std::uint64_t hash, std::string_view text) noexcept {
    for (char const c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; // FNV-1a
    return (hash ^ 0xff) * 0x100000001b3; // a byte that ends the text: none of UTF-8
}

seconds mean_pace(std::span<candidate const> all) noexcept {
    seconds sum{};
    std::size_t known = 0;
    for (auto const& each : all) {
        sum += each.pace.value_or(seconds{});
        known += each.pace.has_value();
    }
    return known == 0 ? usual_pace : sum / static_cast<double>(known);
}

} // namespace

std::string_view to_string(residence r) noexcept {
    constexpr std::array<std::string_view, 5> words{"loaded", "loading", "on_disk", "perhaps",
                                                    "absent"};
    return words[static_cast<std::size_t>(r)];
}

std::string_view to_string(choice_reason r) noexcept {
    constexpr std::array<std::string_view, choice_reasons> words{
        "port",    "asked",   "fallback", "only",  "loaded", "loading", "room", "evict",
        "perhaps", "unnamed", "list",     "first", "spread", "stored",  "moved"};
    return words[static_cast<std::size_t>(r)];
}

price price_of(candidate const& one, seconds pace) noexcept {
    auto const each = one.pace.value_or(pace);
    auto const slots = one.slots == 0 ? usual_slots : one.slots;
    auto const ahead = one.same_model + 1 > slots ? one.same_model + 1 - slots : 0;
    price sum;
    sum.queue = each * (static_cast<double>(ahead) / static_cast<double>(slots) +
                        share_of_company * static_cast<double>(one.in_flight)) +
                one.wait;
    if (one.residence == residence::loading)
        sum.load = one.load;
    else if (one.residence != residence::loaded)
        sum.load = cost_of_a_load * one.load;
    if (one.residence == residence::perhaps)
        sum.load += doubt;
    if (one.residence == residence::absent)
        sum.load += absence;
    if (one.refused)
        sum.load += refusal;
    sum.victims = one.victims;
    sum.reread = one.reread;
    sum.handicap = one.handicap;
    return sum;
}

seconds victims_cost(std::span<victim const> victims) noexcept {
    seconds sum{};
    for (auto const& each : victims)
        sum += each.load * std::exp(-std::max(each.idle, seconds{}) / forgetting);
    return sum;
}

std::uint64_t rendezvous(std::string_view key, std::string_view host) noexcept {
    auto hash = add(add(basis, key), host);
    // The last characters alone would hardly change the upper bits (Murmur3's finalizer).
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
    return hash ^ (hash >> 33);
}

void price_all(std::span<candidate const> all, priced& result) noexcept {
    auto const pace = mean_pace(all);
    result.cheapest = 0;
    seconds least = seconds::max();
    for (std::size_t i = 0; i < all.size(); ++i) {
        result.prices.push_back(price_of(all[i], pace));
        auto const total = result.prices[i].total();
        bool const first_of_equals = total == least && all[i].rank > all[result.cheapest].rank;
        if (total < least || first_of_equals) {
            least = total;
            result.cheapest = i;
        }
    }
}

choice_reason reason_for(candidate const& chosen) noexcept {
    switch (chosen.residence) {
    case residence::loaded:
        return choice_reason::loaded;
    case residence::loading:
        return choice_reason::loading;
    case residence::on_disk:
        return chosen.victims > seconds{} ? choice_reason::evict : choice_reason::room;
    case residence::perhaps:
        return choice_reason::perhaps;
    case residence::absent:
        break;
    }
    return choice_reason::unnamed;
}

} // namespace secondwind::policy
