// What a test of five models writes, as a program does that may be killed at any time: each probe
// before and after it is made, and a run goes on where the one before it ended.
#pragma once

#include "samples.hpp"

#include <secondwind/registry/backup.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include <sys/mman.h>

namespace secondwind::registry::test {

inline constexpr std::array<char const*, 5> tested_models{"a", "b", "c", "d", "e"};
inline constexpr std::array<std::int64_t, 2> tested_contexts{4096, 8192};

// Probes whose outcome the store has acknowledged. In memory that outlives the process.
class acknowledged {
public:
    acknowledged()
        : counts_{static_cast<int*>(
              ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))} {}
    ~acknowledged() { ::munmap(counts_, bytes); }
    acknowledged(acknowledged const&) = delete;
    acknowledged& operator=(acknowledged const&) = delete;

    void reset() { std::fill_n(counts_, tested_models.size(), 0); }
    void add(std::size_t model) { ++counts_[model]; }
    int of(std::size_t model) const { return counts_[model]; }

private:
    static constexpr std::size_t bytes = 4096;
    int* counts_;
};

inline bool is_measured(store const& in, row_id model, std::int64_t context) {
    for (auto const& each : in.probes(model))
        if (each.asked == context && each.outcome == outcome::good)
            return true;
    return false;
}

inline void run_lab(std::filesystem::path const& file, acknowledged& done,
                    std::string const& url = "http://localhost:1234") {
    store opened{file, store::access::write};
    back_up(file, "run", at(100));
    auto const host = opened.keep(sample_host(url));
    std::vector<model> listed;
    for (auto const* key : tested_models)
        listed.push_back(sample_model(key));
    auto const models = opened.keep_listing(host, listed, at(100));
    auto const run = opened.begin_run(sample_run(host));
    for (auto left : opened.unclean_probes(host)) {
        left.clean = true;
        if (left.outcome == outcome::running)
            left.outcome = outcome::interrupted;
        opened.update(left);
    }
    for (std::size_t each = 0; each < models.size(); ++each) {
        for (auto const context : tested_contexts) {
            auto const id = models[each].id;
            if (is_measured(opened, id, context))
                continue;
            auto probe = sample_probe(run, id, context);
            probe.id = opened.begin_probe(probe);
            probe.instance = "loaded";
            opened.update(probe);
            probe = answered(probe);
            probe.clean = false;
            auto const added_up = sample_result(id, context);
            opened.update(probe, &added_up);
            done.add(each);
            probe.clean = true;
            opened.update(probe);
        }
    }
    opened.end_run(run, "complete", at(200));
}

struct lab_state {
    std::map<std::string, int> good;           // probes of each model
    std::map<std::string, std::int64_t> works; // by its result
    std::size_t probes = 0;
};

inline lab_state state_of(store const& opened) {
    lab_state out;
    for (auto const& host : opened.hosts()) {
        for (auto const& each : opened.models(host.id)) {
            for (auto const& probe : opened.probes(each.id)) {
                ++out.probes;
                out.good[each.key] += probe.outcome == outcome::good ? 1 : 0;
            }
            if (auto const result = opened.default_result(each.id))
                out.works[each.key] = result->works.value_or(0);
        }
    }
    return out;
}

inline lab_state state_of(std::filesystem::path const& file) {
    return state_of(store{file, store::access::read});
}

} // namespace secondwind::registry::test
