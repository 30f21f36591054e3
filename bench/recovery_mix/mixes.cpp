#include "mix.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace secondwind::bench {
namespace {

using namespace std::chrono_literals;
using enum arrival;
using lmstudio::model_kind;

std::vector<model> ten_exclusive_models() {
    std::vector<model> models;
    for (int n = 0; n < 10; ++n)
        models.push_back({fmt::format("m{}", n), 14 * gigabyte});
    return models;
}

// Ten apps, each with a model of its own.
std::vector<clients> ten_apps(unsigned count, work const& each, span pause, span first,
                              unsigned requests) {
    std::vector<clients> apps;
    for (auto const& m : ten_exclusive_models())
        apps.push_back(
            {m.key, count, closed, pause, {{m.key, each.first_byte, each.rest}}, first, requests});
    return apps;
}

std::vector<mix> make_mixes() {
    constexpr auto embedding = model_kind::embedding;
    std::vector<mix> mixes;

    mixes.push_back(
        {.name = "2",
         .title = "four clients each on A, B (10 GB), one on D (22), one on embeddings, 30 min",
         .length = 30min,
         .models = {{"A", 10 * gigabyte},
                    {"B", 10 * gigabyte},
                    {"D", 22 * gigabyte},
                    {"emb", gigabyte / 2, embedding}},
         .clients = {{"a", 4, closed, {1s, 3s}, {{"A", {300ms, 1s}, {1s, 3s}}}, {0s, 5s}},
                     {"b", 4, closed, {1s, 3s}, {{"B", {300ms, 1s}, {1s, 3s}}}, {0s, 5s}},
                     {"d", 1, closed, {3s, 8s}, {{"D", {300ms, 1s}, {1s, 3s}}}, {0s, 5s}},
                     {"e", 1, closed, {1s, 3s}, {{"emb", {20ms, 100ms}, {0ms, 0ms}}}, {0s, 5s}}},
         .bar = {.loads = 80, .longest_wait = 150s}});

    mixes.push_back(
        {.name = "3",
         .title = "two apps on an auto-evicting 48 GB host",
         .memory = 48 * gigabyte,
         .auto_evict = true,
         .models = {{"A", 24 * gigabyte}, {"B", 24 * gigabyte}},
         .clients = {{"a", 1, closed, {1s, 3s}, {{"A", {500ms, 1s}, {4s, 10s}}}, {0s, 2s}, 25},
                     {"b", 1, closed, {1s, 3s}, {{"B", {500ms, 1s}, {4s, 10s}}}, {0s, 2s}, 25}},
         .bar = {.loads = 50, .longest_wait = 95s}});

    mixes.push_back(
        {.name = "15",
         .title = "two agents of 50 steps, 18 GB each",
         .models = {{"A", 18 * gigabyte}, {"B", 18 * gigabyte}},
         .clients =
             {{"a", 1, closed, {300ms, 1s}, {{"A", {300ms, 700ms}, {1500ms, 3s}}}, {0s, 2s}, 50},
              {"b", 1, closed, {300ms, 1s}, {{"B", {300ms, 700ms}, {1500ms, 3s}}}, {0s, 2s}, 50}},
         .bar = {.loads = 15, .longest_wait = 95s}});

    mixes.push_back(
        {.name = "ten",
         .title = "ten apps in sequence on ten exclusive 14 GB models",
         .models = ten_exclusive_models(),
         .clients = ten_apps(1, {"", {500ms, 1500ms}, {4s, 8500ms}}, {300ms, 1s}, {0s, 5s}, 15),
         .bar = {.loads = 70, .longest_wait_of_p2 = 1.6}});

    mixes.push_back({.name = "burst",
                     .title = "burst of 200 on the ten models",
                     .models = ten_exclusive_models(),
                     .clients = ten_apps(20, {"", {300ms, 1s}, {2s, 4s}}, {}, {0s, 0s}, 1),
                     .bar = {.loads = 10, .longest_wait_of_p2 = 1.15}});

    mixes.push_back(
        {.name = "closed",
         .title = "closed loop of 20 clients on the ten models",
         .models = ten_exclusive_models(),
         .clients =
             {{"c", 20, closed, {100ms, 500ms}, {{"*", {300ms, 1s}, {2s, 4s}}}, {0s, 2s}, 10}},
         .bar = {.loads = 62, .longest_wait_of_p2 = 1.15}});

    mixes.push_back(
        {.name = "a",
         .title = "two coding agents (13, 14 GB), RAG (4 + 0.5), chat (8), 1 h",
         .length = 1h,
         .models = {{"code1", 13 * gigabyte},
                    {"code2", 14 * gigabyte},
                    {"rag", 4 * gigabyte},
                    {"emb", gigabyte / 2, embedding},
                    {"chat", 8 * gigabyte}},
         .clients =
             {{"agent1", 1, closed, {500ms, 2500ms}, {{"code1", {300ms, 1s}, {1s, 4s}}}, {0s, 10s}},
              {"agent2", 1, closed, {500ms, 2500ms}, {{"code2", {300ms, 1s}, {1s, 4s}}}, {0s, 10s}},
              {"rag",
               1,
               closed,
               {1s, 4s},
               {{"emb", {20ms, 100ms}, {0ms, 0ms}}, {"rag", {300ms, 1s}, {2s, 6s}}},
               {0s, 10s}},
              {"chat", 1, closed, {5s, 15s}, {{"chat", {300ms, 1s}, {2s, 8s}}}, {0s, 10s}}},
         .bar = {.loads = 155, .longest_wait = 190s}});

    auto const b = [](std::string name, std::string title, milliseconds length, span rest,
                      milliseconds a_comes, milliseconds b_comes, bar const& bar) {
        return mix{
            .name = std::move(name),
            .title = std::move(title),
            .length = length,
            .models = {{"A", 18 * gigabyte}, {"B", 20 * gigabyte}},
            .clients = {{"a", 1, poisson, {{}, a_comes}, {{"A", {300ms, 300ms}, rest}}},
                        {"b", 1, poisson, {{}, b_comes}, {{"B", {300ms, 300ms}, {10s, 40s}}}}},
            .bar = bar};
    };
    mixes.push_back(b("b-short",
                      "A (18 GB) never idle, requests of 2 to 4 s; B (20) now and then, 30 min",
                      30min, {1700ms, 3700ms}, 1s, 60s, {.loads = 20, .longest_wait_of_p2 = 1.1}));
    mixes.push_back(b("b-long", "the same with requests of 40 to 90 s, 1 h", 1h, {39700ms, 89700ms},
                      25s, 180s, {.loads = 32, .longest_wait_of_p2 = 1.1}));

    mixes.push_back(
        {.name = "c",
         .title = "10 min on A, B asked for; embeddings and autocomplete of others",
         .length = 750s,
         .models = {{"A", 18 * gigabyte},
                    {"B", 20 * gigabyte},
                    {"emb", gigabyte / 2, embedding, true},
                    {"auto", 3 * gigabyte / 2, model_kind::llm, true}},
         .clients = {{"a", 1, closed, {5s, 10s}, {{"A", {1s, 1s}, {600s, 600s}}}, {0s, 1s}, 2},
                     {"b", 1, closed, {}, {{"B", {1s, 1s}, {20s, 30s}}}, {25s, 30s}, 1},
                     {"e", 1, poisson, {{}, 2s}, {{"emb", {20ms, 100ms}, {0ms, 0ms}}}},
                     {"t", 1, poisson, {{}, 1600ms}, {{"auto", {100ms, 300ms}, {100ms, 500ms}}}}},
         .bar = {.loads = 4, .longest_wait = 1s, .excepted_models = {"A", "B"}}});

    mixes.push_back({.name = "d",
                     .title = "four exclusive 14 GB models, Poisson near saturation, 1 h",
                     .length = 1h,
                     .models = {{"m0", 14 * gigabyte},
                                {"m1", 14 * gigabyte},
                                {"m2", 14 * gigabyte},
                                {"m3", 14 * gigabyte}},
                     .clients = {{"p", 1, poisson, {{}, 8200ms}, {{"*", {500ms, 1s}, {5s, 15s}}}}},
                     .bar = {.loads = 130, .longest_wait = 280s}});

    mixes.push_back(
        {.name = "e",
         .title = "a 40 GB model every 5 s beside everyday use, 1 h",
         .length = 1h,
         .models = {{"large", 40 * gigabyte},
                    {"chat", 8 * gigabyte},
                    {"code", 7 * gigabyte},
                    {"rag", 4 * gigabyte},
                    {"auto", 3 * gigabyte / 2},
                    {"emb", gigabyte / 2, embedding}},
         .clients = {{"large", 1, regular, {{}, 5s}, {{"large", {1s, 1s}, {5s, 5s}}}},
                     {"chat", 1, closed, {5s, 15s}, {{"chat", {300ms, 1s}, {8s, 25s}}}, {0s, 10s}},
                     {"code", 1, closed, {5s, 15s}, {{"code", {300ms, 1s}, {5s, 15s}}}, {0s, 10s}},
                     {"rag",
                      1,
                      closed,
                      {5s, 15s},
                      {{"emb", {20ms, 100ms}, {0ms, 0ms}}, {"rag", {300ms, 1s}, {5s, 12s}}},
                      {0s, 10s}},
                     {"auto",
                      1,
                      closed,
                      {5s, 20s},
                      {{"auto", {100ms, 300ms}, {100ms, 500ms}}},
                      {0s, 10s}}},
         .bar = {.loads = 10, .longest_wait = 45s}});
    return mixes;
}

} // namespace

bool mix::fits(std::string const& key) const {
    auto const found = std::ranges::find(models, key, &model::key);
    return found != models.end() && found->size <= memory;
}

std::vector<mix> const& all_mixes() {
    static auto const mixes = make_mixes();
    return mixes;
}

} // namespace secondwind::bench
