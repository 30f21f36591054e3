// The models of an emulated LM Studio, the memory that they share, and the texts in which LM Studio
// refuses to load one. Pure.
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

// LM Studio itself only evicts models that a request loaded.
enum class load_reason : std::uint8_t { by_hand, just_in_time };

// One copy of a model in memory.
struct instance {
    std::string id; // the key, then "key:2", "key:3", ...
    std::string key;
    model_type type = model_type::llm;
    std::uint64_t serial = 0; // never used twice: it tells a reloaded instance from the one before
    std::uint64_t size_bytes = 0;
    instance_state state = instance_state::loading;
    load_reason reason = load_reason::by_hand;
    bool corrupt = false; // its cache is corrupt: every prediction fails
};

// Which text LM Studio uses to refuse a load: the forms that its users have published.
enum class refusal_form : std::uint8_t {
    with_figure, // since 0.3.25: "... this model requires approximately 17.93 GB of memory, ..."
    plain,       // the same without the figure
    old_wording, // 0.3.5 to 0.3.24: "Model loading aborted due to insufficient system resources."
    generic      // what remains of an engine's own out-of-memory error: "Failed to load model."
};

// The cause alone, as it follows "Error: ". The figure is in units of 10^9 bytes.
std::string refusal_cause(refusal_form form, std::uint64_t size_bytes);

// A load takes its memory when it begins, and an unload gives it back at once. Whether a model fits
// depends only on its size; memory that an eviction could free later does not count. LM Studio's
// guardrail works in the same way.
class store {
public:
    store(std::uint64_t memory_bytes, std::vector<model> models);

    std::vector<model> const& models() const noexcept { return models_; }
    // In the order in which they were loaded, including those that are still loading.
    std::vector<instance> const& instances() const noexcept { return instances_; }
    std::uint64_t memory_bytes() const noexcept { return memory_; }
    std::uint64_t used_bytes() const noexcept;

    model const* find_model(std::string_view key) const noexcept;
    instance const* find_instance(std::string_view id) const noexcept;
    // Null once that instance has been unloaded, even if the same model was loaded again.
    instance const* find_serial(std::uint64_t serial) const noexcept;
    std::vector<instance const*> instances_of(std::string_view key) const;
    bool is_loaded(std::string_view key) const noexcept;

    bool fits(model const& m) const noexcept { return m.size_bytes <= memory_ - used_bytes(); }

    // Reserves the memory and returns a new instance in the state `loading`; nothing if the
    // guardrail refuses. Its id is `id`, or else the model's key, with a number if that is taken.
    std::optional<instance> begin_load(model const& m, load_reason reason,
                                       std::string const& id = {});
    // False if the load was cancelled in the meantime.
    bool finish_load(std::uint64_t serial) noexcept;
    void cancel_load(std::uint64_t serial) noexcept;

    // Takes a loaded instance out of memory. False if no loaded instance has that id.
    bool unload(std::string_view id);
    // LM Studio's "Only Keep Last JIT Loaded Model". Returns the ids of the unloaded instances.
    std::vector<std::string> evict_just_in_time();
    // Returns how many loaded instances of the model are now corrupt.
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
