// The models of an emulated LM Studio and the memory that they share. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::emulator {

enum class model_type : std::uint8_t { llm, embedding };

// A model on the disk of the host.
struct model {
    std::string key; // "qwen/qwen3-coder-30b"
    model_type type = model_type::llm;
    std::uint64_t size_bytes = 0;
    std::uint32_t max_context_length = 32'768;
};

enum class instance_state : std::uint8_t { loading, loaded };

// Why a model was loaded: only what a request loaded is ever evicted by LM Studio itself.
enum class load_reason : std::uint8_t { by_hand, just_in_time };

// One copy of a model in memory.
struct instance {
    std::string id; // the key, then "key:2", "key:3", ...
    std::string key;
    model_type type = model_type::llm;
    std::uint64_t serial = 0; // never used twice, so that a reload is told from its predecessor
    std::uint64_t size_bytes = 0;
    instance_state state = instance_state::loading;
    load_reason reason = load_reason::by_hand;
    bool corrupt = false; // its cache is: nothing that it is asked for succeeds
};

// Memory is taken when a load begins and given back at once by an unload. Whether a model fits is
// judged by its size alone, and what an eviction might free later is not counted, as LM Studio's
// guardrail doesn't either.
class store {
public:
    store(std::uint64_t memory_bytes, std::vector<model> models);

    std::vector<model> const& models() const noexcept { return models_; }
    // In the order in which they were loaded, those that still load included.
    std::vector<instance> const& instances() const noexcept { return instances_; }
    std::uint64_t memory_bytes() const noexcept { return memory_; }
    std::uint64_t used_bytes() const noexcept;

    model const* find_model(std::string_view key) const noexcept;
    instance const* find_instance(std::string_view id) const noexcept;
    // Nothing once it has been unloaded, even when the same model was loaded again.
    instance const* find_serial(std::uint64_t serial) const noexcept;
    std::vector<instance const*> instances_of(std::string_view key) const;
    bool is_loaded(std::string_view key) const noexcept;

    bool fits(model const& m) const noexcept { return m.size_bytes <= memory_ - used_bytes(); }

    // Reserves the memory and gives a new instance, `loading`; nothing if the guardrail refuses.
    // It is called by `id`, or else by the model's key, with a number behind it if that is taken.
    std::optional<instance> begin_load(model const& m, load_reason why, std::string const& id = {});
    // False if the load was cancelled meanwhile.
    bool finish_load(std::uint64_t serial) noexcept;
    void cancel_load(std::uint64_t serial) noexcept;

    // Takes a loaded instance out of memory. False if no loaded instance has that id.
    bool unload(std::string_view id);
    // LM Studio's "Only Keep Last JIT Loaded Model": gives the ids that went.
    std::vector<std::string> evict_just_in_time();
    // Gives how many loaded instances of the model there were to corrupt.
    std::size_t corrupt(std::string_view key) noexcept;
    void clear() noexcept { instances_.clear(); }

private:
    std::string free_id(std::string const& key) const;

    std::uint64_t memory_;
    std::vector<model> models_;
    std::vector<instance> instances_;
    std::uint64_t next_serial_ = 1;
};

} // namespace secondwind::emulator
