// A folder for a registry, and records to put into it.
#pragma once

#include <secondwind/registry/store.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <unistd.h>

namespace secondwind::registry::test {

// In memory where the system has such a folder: thousands of commits are synced.
class folder {
public:
    folder() {
        std::string name = (std::filesystem::is_directory("/dev/shm")
                                ? std::string{"/dev/shm"}
                                : std::filesystem::temp_directory_path().string()) +
                           "/registry-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr)
            std::abort();
        path_ = name;
    }
    ~folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    folder(folder const&) = delete;
    folder& operator=(folder const&) = delete;

    std::filesystem::path const& path() const noexcept { return path_; }
    std::filesystem::path registry() const { return path_ / "state" / "registry.db"; }

private:
    std::filesystem::path path_;
};

inline time_point at(int seconds) {
    using namespace std::chrono;
    return sys_days{year{2026} / November / 22} + std::chrono::seconds{seconds};
}

inline host sample_host(std::string const& url = "http://localhost:1234") {
    return {0, "default", url, "0.4.25", at(0)};
}

inline model sample_model(std::string const& key) {
    model out;
    out.key = key;
    out.variant = key + "@q4_k_m";
    out.quantization = "Q4_K_M";
    out.size = 5'030'000'000;
    out.max_context = 131'072;
    out.facts = R"({"params":"8B","vision":false})";
    return out;
}

inline run sample_run(row_id host) {
    run out;
    out.host = host;
    out.began = at(10);
    out.boot = "11111111-2222-3333-4444-555555555555";
    out.pid = 4711;
    out.program = "0.1.0";
    out.options = R"({"mode":"normal"})";
    return out;
}

inline probe sample_probe(row_id run, row_id model, std::int64_t context) {
    probe out;
    out.run = run;
    out.model = model;
    out.fingerprint = "a model, 5030000000, Q4_K_M";
    out.lmstudio = "0.4.25";
    out.asked = context;
    out.began = at(20);
    return out;
}

inline probe answered(probe begun) {
    begun.effective = begun.asked;
    begun.filled = 4000;
    begun.outcome = outcome::good;
    begun.instance = "a-model:2";
    begun.clean = true;
    begun.load = 3.25;
    begun.ttft = 0.5;
    begun.tps = 41.5;
    begun.prompt_tokens = 3990;
    begun.output_tokens = 64;
    begun.recall = recall::both;
    begun.memory = 5'600'000'000;
    begun.beside = {"another/model", "a \"third\""};
    begun.ended = at(30);
    return begun;
}

inline result sample_result(row_id model, std::int64_t works) {
    result out;
    out.model = model;
    out.fingerprint = "a model, 5030000000, Q4_K_M";
    out.lmstudio = "0.4.25";
    out.status = "complete";
    out.mode = "normal";
    out.works = works;
    out.limited_by = "guardrail";
    out.document = R"({"loads":6,"tps":41.5})";
    out.measured = at(40);
    return out;
}

// Runs something that is to fail with registry_error, and returns its kind and its sentence.
template<class Work>
registry_error failure_of(Work work) {
    try {
        work();
    } catch (registry_error const& error) {
        return error;
    }
    ADD_FAILURE() << "no error";
    return {registry_error::kind::unusable, ""};
}

} // namespace secondwind::registry::test
