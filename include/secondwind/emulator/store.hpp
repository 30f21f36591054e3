// The models of an emulated LM Studio, the memory that they share, and the texts in which LM Studio
// refuses to load one. Pure.
#pragma once

#include <secondwind/emulator/profile.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
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
    std::vector<std::string> variants{};        // further names of it: "google/gemma-3-12b@q4_k_m"
    std::string selected_variant{};             // the one of them that its key means
    std::optional<emulator::profile> profile{}; // how it uses its context, if it does
};

// What every model has that knows no other.
constexpr std::uint64_t usual_context = 4096;

enum class instance_state : std::uint8_t { loading, loaded };

// LM Studio itself only evicts models that a request loaded.
enum class load_reason : std::uint8_t { by_hand, just_in_time };

// How a model is loaded.
struct load_choice {
    load_reason reason = load_reason::by_hand;
    std::string identifier{}; // of the new instance; empty: the model's key, with a number if taken
    std::string device{};     // of LM Link, whose memory is not this host's; empty: the host itself
    // What is empty is the model's default; a context costs memory only with a profile.
    std::optional<std::uint64_t> context_length{}; // tokens
    std::optional<std::int64_t> ttl_ms{};
    std::optional<bool> flash_attention{};
    std::optional<bool> kv_cache_on_gpu{};
    std::string load_config{}; // over the SDK's WebSocket: a JSON array of fields; may be empty
    bool hangs = false;        // the load never ends, whether there is memory for it or not
};

// One copy of a model in memory.
struct instance {
    std::string id; // the key, then "key:2", "key:3", ..., or a name of its own
    std::string key;
    model_type type = model_type::llm;
    std::uint64_t serial = 0; // never used twice: it tells a reloaded instance from the one before
    std::uint64_t size_bytes = 0;
    instance_state state = instance_state::loading;
    load_reason reason = load_reason::by_hand;
    bool corrupt = false; // its cache is corrupt: every prediction fails
    std::string device{}; // the other machine that it is on; empty for the host itself
    std::uint64_t context_length = usual_context; // tokens
    std::uint64_t echoed_context = usual_context; // what the answer to its load calls it
    std::optional<std::int64_t> ttl_ms{};         // nothing: as is usual for `reason`
    bool flash_attention = true;
    bool kv_cache_on_gpu = true;
    std::string load_config{};     // as its load asked for; see load_choice
    std::uint64_t cache_bytes = 0; // of a cache that grows with prompts, besides size_bytes
    bool hangs = false;            // its load never ends
};

// How long an instance stays while nobody uses it, in milliseconds; nothing: for ever.
std::optional<std::int64_t> time_to_live(instance const& i) noexcept;

// Which text LM Studio uses to refuse a load: the forms that its users have published.
enum class refusal_form : std::uint8_t {
    with_figure, // since 0.3.25: "... this model requires approximately 17.93 GB of memory, ..."
    plain,       // the same without the figure
    old_wording, // 0.3.5 to 0.3.24: "Model loading aborted due to insufficient system resources."
    generic,     // what remains of an engine's own out-of-memory error: "Failed to load model."
    engine       // that error itself, as llama.cpp words it
};

// The cause alone, as it follows "Error: ". The figure is in units of 10^9 bytes.
std::string refusal_cause(refusal_form form, std::uint64_t size_bytes);

// What a load with such a context takes, and what the guardrail takes it for.
std::uint64_t load_bytes(model const& m, std::uint64_t context) noexcept;
std::uint64_t estimated_bytes(model const& m, std::uint64_t context) noexcept;

// When the memory of an unloaded instance can be used again.
enum class memory_return : std::uint8_t { at_once, later };

// A load takes its memory when it begins, and an unload gives it back, at once or later. Whether a
// model fits depends only on its size and context; memory that an eviction could free later does
// not count. LM Studio's guardrail works in the same way.
class store {
public:
    store(std::uint64_t memory_bytes, std::vector<model> models);

    std::vector<model> const& models() const noexcept { return models_; }
    // In the order in which they were loaded, including those that are still loading.
    std::vector<instance> const& instances() const noexcept { return instances_; }
    std::uint64_t memory_bytes() const noexcept { return memory_; }
    // By instances, by those whose memory has not come back, and by other programs.
    std::uint64_t used_bytes() const noexcept;

    model const* find_model(std::string_view key) const noexcept;
    // The model that LM Studio takes a name for: its key, one of its variants, or either in another
    // case, without the publisher or without the quantization, if exactly one model matches.
    model const* find_meant(std::string_view name) const;
    instance const* find_instance(std::string_view id) const noexcept;
    // Null once that instance has been unloaded, even if the same model was loaded again.
    instance const* find_serial(std::uint64_t serial) const noexcept;
    std::vector<instance const*> instances_of(std::string_view key) const;
    bool is_loaded(std::string_view key) const noexcept;

    bool fits(model const& m) const noexcept { return has_room(m.size_bytes); }
    bool has_room(std::uint64_t bytes) const noexcept { return used_bytes() + bytes <= memory_; }
    // The context that such a load gets now.
    std::uint64_t context_of(model const& m, load_choice const& choice) const noexcept;
    // How many bytes other programs use from now on.
    void occupy(std::uint64_t bytes) noexcept { occupied_ = bytes; }

    // Reserves the memory and returns a new instance in the state `loading`; nothing if it does not
    // fit.
    std::optional<instance> begin_load(model const& m, load_choice const& choice);
    std::optional<instance> begin_load(model const& m, load_reason reason) {
        return begin_load(m, load_choice{reason});
    }
    // Makes room for so many tokens in a cache that grows; false if there is none left.
    bool grow_cache(std::uint64_t serial, std::uint64_t tokens) noexcept;
    // False if the load was cancelled in the meantime.
    bool finish_load(std::uint64_t serial) noexcept;
    void cancel_load(std::uint64_t serial) noexcept;

    // Takes a loaded instance out of memory, which comes back at once, or when give_back() is
    // called with the instance's serial. False if no loaded instance has that id.
    bool unload(std::string_view id, memory_return when = memory_return::at_once);
    void give_back(std::uint64_t serial) noexcept { leaving_.erase(serial); }
    // LM Studio's "Only Keep Last JIT Loaded Model". Returns the ids of the unloaded instances.
    std::vector<std::string> evict_just_in_time();
    // Returns how many loaded instances of the model are now corrupt.
    std::size_t corrupt(std::string_view key) noexcept;
    void clear() noexcept;

private:
    std::string free_id(std::string const& key) const;
    std::uint64_t fitting_context(model const& m) const noexcept;

    std::uint64_t memory_;
    std::vector<model> models_;
    std::vector<instance> instances_;
    std::map<std::uint64_t, std::uint64_t> leaving_; // by serial: bytes that have not come back
    std::uint64_t occupied_ = 0;
    std::uint64_t next_serial_ = 1;
};

} // namespace secondwind::emulator
