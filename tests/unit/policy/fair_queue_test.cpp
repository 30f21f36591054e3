#include <secondwind/policy/fair_queue.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace secondwind::policy {
namespace fair_queue_test {

struct request {
    std::string client;
    int number = 0;
};

struct queue_of_requests : testing::Test {
    ~queue_of_requests() override {
        while (auto* const one = queue.next([](request&) { return true; }))
            queue.left(*one);
    }
    request& add(std::string const& client) {
        auto& fresh = all.emplace_back(request{client, ++numbers[client]});
        queue.add(client, fresh);
        return fresh;
    }
    std::string serve() {
        auto* const one = queue.next([](request&) { return true; });
        if (one == nullptr)
            return "";
        queue.served(*one);
        return one->client + std::to_string(one->number);
    }

    std::list<request> all;
    std::map<std::string, int> numbers;
    fair_queue<request> queue;
};

TEST_F(queue_of_requests, lets_clients_take_turns_and_serves_each_in_order) {
    for (auto const* client : {"a", "a", "a", "b", "b", "c"})
        add(client);
    EXPECT_EQ(queue.size(), 6U);
    std::vector<std::string> served;
    for (int i = 0; i < 6; ++i)
        served.push_back(serve());
    EXPECT_EQ(served, (std::vector<std::string>{"a1", "b1", "c1", "a2", "b2", "a3"}));
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(serve(), "");
}

TEST_F(queue_of_requests, passes_over_those_that_cannot_go) {
    add("a");
    auto& second = add("a");
    add("b");
    EXPECT_EQ(queue.next([&](request& r) { return &r == &second; }), &second);
    queue.served(second);
    EXPECT_EQ(serve(), "b1") << "the turn of the first client is over";
    EXPECT_EQ(serve(), "a1");
}

TEST_F(queue_of_requests, does_not_count_it_as_a_turn_when_one_leaves) {
    auto& first = add("a");
    add("b");
    add("a");
    queue.left(first);
    EXPECT_EQ(serve(), "a2");
    EXPECT_EQ(serve(), "b1");
    EXPECT_TRUE(queue.empty());
}

TEST_F(queue_of_requests, serves_clients_that_wait_equally_often_but_for_one) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 random{seed};
        std::map<std::string, std::vector<request*>> waiting;
        // For each pair, how often the one was served more than the other since both have waited.
        std::map<std::pair<std::string, std::string>, int> ahead;
        auto const forget = [&](std::string const& client) {
            std::erase_if(ahead, [&](auto const& pair) {
                return pair.first.first == client || pair.first.second == client;
            });
        };
        auto const take_out = [&](request& one) {
            auto& mine = waiting[one.client];
            std::erase(mine, &one);
            if (mine.empty())
                forget(one.client);
        };
        for (int step = 0; step < 400; ++step) {
            std::string const client(1, static_cast<char>('a' + random() % 5));
            auto& mine = waiting[client];
            auto const event = random() % 8;
            if (event < 4) {
                mine.push_back(&add(client));
            } else if (event == 4 && !mine.empty()) {
                auto& one = *mine[random() % mine.size()];
                queue.left(one);
                take_out(one);
            } else if (auto* const one = queue.next([](request&) { return true; })) {
                ASSERT_EQ(one, waiting[one->client].front()) << "first come, first served";
                queue.served(*one);
                for (auto const& [other, requests] : waiting) {
                    if (requests.empty() || other == one->client)
                        continue;
                    auto const lead = ++ahead[{one->client, other}];
                    --ahead[{other, one->client}];
                    ASSERT_LE(lead, 1) << one->client << " before " << other << ", seed " << seed;
                }
                take_out(*one);
            }
        }
        while (!serve().empty()) {
        }
        all.clear();
    }
}

} // namespace fair_queue_test
} // namespace secondwind::policy
