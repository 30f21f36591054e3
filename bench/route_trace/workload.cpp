#include "workload.hpp"

#include "../recovery_mix/dice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace secondwind::bench {

namespace {

using namespace std::chrono_literals;

// In units of 100 MB: 113 GB together.
constexpr std::array<std::uint64_t, 12> files{6, 11, 20, 47, 49, 75, 85, 120, 140, 180, 197, 200};
// Of all times at which something arrives.
constexpr double share_of_bursts = 0.25;
constexpr milliseconds between_turns = 40s;

// Zipf's law: the second is half as popular as the first, the third a third.
std::size_t rank(dice& random, std::size_t count) {
    double sum = 0;
    for (std::size_t i = 1; i <= count; ++i)
        sum += 1.0 / static_cast<double>(i);
    auto left = sum * random.fraction();
    std::size_t at = 0;
    while (at + 1 < count && left >= 1.0 / static_cast<double>(at + 1))
        left -= 1.0 / static_cast<double>(++at);
    return at;
}

class maker {
public:
    maker(workload& out, std::size_t requests, double a_second, std::size_t changes,
          std::uint64_t seed)
        : out_{out}, requests_{requests}, random_{seed}, rate_{a_second} {
        milliseconds const length{static_cast<int>(1000 * static_cast<double>(requests) / rate_)};
        for (std::size_t i = 0; i <= changes; ++i)
            orders_.push_back(shuffled());
        period_ = length / static_cast<int>(orders_.size());
    }

    void make() {
        // Bursts have four requests on the average, conversations six and a half.
        constexpr double in_bursts = share_of_bursts * 4;
        constexpr double in_turns = 1 - share_of_bursts;
        auto const mean = [&](double share, double size) {
            auto const a_second = rate_ * share / (in_bursts + in_turns) / size;
            return milliseconds{static_cast<int>(1000 / a_second)};
        };
        auto burst = random_.around(mean(in_bursts, 4));
        auto conversation = random_.around(mean(in_turns, 6.5));
        while (out_.arrivals.size() < requests_ + requests_ / 10) {
            if (burst < conversation) {
                add_burst(burst);
                burst += random_.around(mean(in_bursts, 4));
            } else {
                add_conversation(conversation);
                conversation += random_.around(mean(in_turns, 6.5));
            }
        }
        std::ranges::stable_sort(out_.arrivals, {}, &arrival::when);
        out_.arrivals.resize(requests_);
    }

private:
    std::vector<std::size_t> shuffled() {
        std::vector<std::size_t> order(files.size());
        std::iota(order.begin(), order.end(), 0);
        for (auto i = order.size(); i > 1; --i)
            std::swap(order[i - 1], order[random_.below(i)]);
        return order;
    }

    std::size_t model_at(milliseconds when) {
        auto const order =
            std::min<std::size_t>(static_cast<std::size_t>(when / period_), orders_.size() - 1);
        return orders_[order][rank(random_, files.size())];
    }

    // All messages but the last were in an earlier turn as well.
    arrival& add(milliseconds when, std::size_t model, std::vector<std::size_t> messages) {
        constexpr int bytes_a_millisecond = 8;
        auto const prompt = std::accumulate(messages.begin(), messages.end(), std::size_t{});
        auto const gigabytes = static_cast<double>(files[model]) / gigabyte;
        auto const typical = 500 + 400 * gigabytes;
        auto& one = out_.arrivals.emplace_back();
        one.when = when;
        one.model = model;
        one.first_byte = 100ms + milliseconds{prompt / bytes_a_millisecond};
        one.kept = milliseconds{(prompt - messages.back()) / bytes_a_millisecond};
        one.messages = std::move(messages);
        one.rest = milliseconds{static_cast<int>(typical * (0.5 + random_.fraction()))};
        return one;
    }

    std::size_t message() { return 1000 + random_.below(4000); }

    void add_burst(milliseconds when) {
        auto const model = model_at(when);
        auto const size = 2 + random_.below(5);
        for (std::size_t i = 0; i < size; ++i)
            add(when, model, {message()});
    }

    void add_conversation(milliseconds when) {
        auto const model = model_at(when);
        auto const turns = 3 + random_.below(8);
        ++conversations_;
        std::vector<std::size_t> messages;
        for (std::size_t i = 0; i < turns; ++i) {
            messages.push_back(message());
            add(when, model, messages).conversation = conversations_;
            when += 10s + random_.around(between_turns);
        }
    }

    workload& out_;
    std::size_t requests_;
    dice random_;
    double rate_;
    std::vector<std::vector<std::size_t>> orders_; // of the models, the most popular first
    milliseconds period_{};
    std::uint64_t conversations_ = 0;
};

} // namespace

std::string arrival::body() const {
    std::string all = R"({"messages":[)";
    for (std::size_t i = 0; i < messages.size(); ++i) {
        auto const text = fmt::format("conversation {} message {} ", conversation, i);
        all += fmt::format(R"({}{{"role":"user","content":"{:.<{}}"}})", i == 0 ? "" : ",", text,
                           messages[i]);
    }
    return all + "]}";
}

workload make_workload(char name, std::size_t requests, std::uint64_t seed) {
    workload out;
    out.name = name;
    if (name == 'B')
        for (auto const* host : {"h1", "h2", "h3", "h4"})
            out.hosts.push_back({host, 36 * gigabyte, 1});
    else
        out.hosts = {{"h64", 64 * gigabyte, 1.5},
                     {"h32", 32 * gigabyte, 1},
                     {"h24a", 24 * gigabyte, 1},
                     {"h24b", 24 * gigabyte, 0.7}};
    dice spread{seed + 1000};
    for (auto const file : files) {
        auto& model = out.models.emplace_back();
        model.key = fmt::format("m{}", static_cast<double>(file) / gigabyte);
        model.file = file;
        model.memory = file * 115 / 100 + 3;
        model.on.assign(out.hosts.size(), true);
        if (name != 'B')
            continue;
        auto const missing = spread.below(model.on.size());
        model.on[missing] = false;
        if (spread.fraction() < 0.5)
            model.on[(missing + 1 + spread.below(model.on.size() - 1)) % model.on.size()] = false;
    }
    auto const rate = name == 'B' ? 0.45 : name == 'C' ? 0.25 : 0.5;
    maker{out, requests, rate, name == 'C' ? 3U : 0U, seed}.make();
    if (name == 'D') {
        auto const from = out.arrivals[requests / 3].when;
        out.outage = outage{1, from, from + 10min};
    }
    return out;
}

} // namespace secondwind::bench
