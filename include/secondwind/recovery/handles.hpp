// The handles of LM Studio's SDK: which instance each means, and what recoveries have unloaded of
// them. Pure.
#pragma once

#include <secondwind/lmstudio/sdk_parameter.hpp>
#include <secondwind/lmstudio/ws_codec.hpp>
#include <secondwind/lmstudio/ws_load.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::recovery {

// A handle names its instance by a reference, which is never used again after an unload, or by an
// identifier. An instance that a recovery has unloaded is taken, until it is loaded again; then its
// new reference stands for the earlier ones.
class handles {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // More are not kept; the oldest go.
    static constexpr std::size_t most_taken = 64;
    static constexpr std::size_t most_references = 256;

    // The host has told of an instance that is loaded; `to_client`: in a client's own connection,
    // so that handles may have its reference.
    void learn(lmstudio::listed_instance const& loaded, bool to_client);
    // A recovery has unloaded it.
    void take(lmstudio::load_description as, time_point now);
    // Somebody else unloads it, or means to: it does not come back.
    void forget(std::string_view identifier);

    // The identifier of the instance that a reference means or has meant; empty if it is not known.
    std::string_view identifier_of(std::string_view reference) const;
    // The reference that stands for this one now; empty if it is no other.
    std::string_view successor_of(std::string_view reference) const noexcept;
    // One has a successor.
    bool has_successors() const noexcept;

    // What must be loaded again before the host can serve a handle; nothing if it need not, or must
    // not: its time to live would have ended.
    std::optional<lmstudio::load_description> needed_by(lmstudio::sdk_model const& handle,
                                                        time_point now);
    // The host does not know the handle of a message that was sent when changes() was `then`, with
    // its successor of that time. True if it is to be sent again, after what needed_by() says. If
    // the instance had been loaded again by then, somebody else has unloaded it since.
    bool revives(lmstudio::sdk_model const& handle, std::uint64_t then, time_point now);
    // How often an instance has come back.
    std::uint64_t changes() const noexcept { return changes_; }

private:
    struct taken {
        lmstudio::load_description as; // with the reference that it has now, or had last
        std::vector<std::string> earlier;
        time_point since;
        bool told = true;       // clients may know its reference
        std::uint64_t back = 0; // changes() when it was loaded again; 0: it was not
        bool knows(std::string_view reference) const noexcept;
    };
    using place = std::list<taken>::iterator;

    place find(lmstudio::sdk_model const& handle, time_point now);

    std::list<taken> taken_;                                      // the oldest first
    std::map<std::string, std::string, std::less<>> identifiers_; // by references
    std::uint64_t changes_ = 0;
};

} // namespace secondwind::recovery
