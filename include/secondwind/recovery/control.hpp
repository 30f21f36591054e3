// What a recovery needs of a host: its models, which instances are busy, its version, and unloads.
#pragma once

#include <secondwind/lmstudio/instance.hpp>
#include <secondwind/lmstudio/ws_codec.hpp>
#include <secondwind/lmstudio/ws_load.hpp>
#include <secondwind/net/cancellation.hpp>
#include <secondwind/net/task.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::recovery {

// How far a call came.
enum class contact : std::uint8_t {
    none,        // the call was cancelled before that was known: the server stops
    unreachable, // the host took no connection
    no_answer,   // it took one, and did not answer in time or at all
    answered     // it answered, with a listing or with an error
};

// An interface, so that a recovery can be tested against a simulated host. In each call,
// `authorization` is the Authorization field of the request that needs a recovery, or empty; it is
// used where the host has no api_token of its own in the configuration.
class control {
public:
    virtual ~control() = default;

    struct listing {
        std::optional<lmstudio::inventory> instances;  // nothing: see `error`
        std::vector<lmstudio::model_on_disk> unloaded; // the models without an instance
        std::string error;                             // one clause for the log
        contact reached = contact::none;
    };
    // Within recovery.list_timeout.
    virtual net::task<listing> list(std::string authorization) = 0;

    // Completes the instances of a listing with what is known only over the SDK's WebSocket: which
    // are busy, and when each was last used. The rest stays unknown; that is no error. A WebSocket
    // that is refused, silent or too old costs one wait within recovery.websocket_timeout, and is
    // tried again after a pause: 10 s, doubling to 5 min.
    virtual net::task<lmstudio::inventory> with_activity(lmstudio::inventory loaded,
                                                         std::string authorization) = 0;

    // The host's version, from the SDK's WebSocket, within recovery.websocket_timeout, with the
    // host's own api_token or as a guest. Nothing where that is refused, silent or too old; such a
    // host is asked again after a pause, as above.
    virtual net::task<std::optional<std::string>> version() = 0;

    struct unloading {
        lmstudio::unload_result result = lmstudio::unload_result::refused;
        std::string error;      // one clause for the log, when refused
        bool forbidden = false; // it was refused because of the token (401, 403)
    };
    // Within recovery.unload_timeout.
    virtual net::task<unloading> unload(std::string instance_id, std::string authorization) = 0;

    struct load_answer {
        std::string instance_id{}; // empty: nothing was loaded
        std::string error{};       // then one clause for the log
    };
    // Loads a model with a context of its own choice, in tokens, for an hour; over REST v1 only.
    // Within recovery.load_timeout.
    virtual net::task<load_answer> load(std::string model, std::int64_t context,
                                        std::string authorization) = 0;

    // The following go over the SDK's WebSocket alone, so that what a recovery unloads can come
    // back as it was. A WebSocket that does not answer is an error; as above, it is asked again
    // after a pause.

    struct references {
        std::optional<std::vector<lmstudio::listed_instance>> loaded; // nothing: see `error`
        std::string error;                                            // one clause for the log
    };
    // All instances, with what tells each from a later one of the same id, and whether each is a
    // language model. Within recovery.websocket_timeout.
    virtual net::task<references> list_references(std::string authorization) = 0;

    struct description {
        std::optional<lmstudio::load_description> loaded_as; // nothing: see `error`
        std::string error;                                   // one clause for the log
    };
    // How an instance of list_references() was loaded. Within recovery.websocket_timeout.
    virtual net::task<description> describe(lmstudio::listed_instance loaded,
                                            std::string authorization) = 0;

    struct reload_answer {
        // Also of an instance that was there already. Nothing: see `error`.
        std::optional<lmstudio::listed_instance> loaded;
        std::string error;      // one clause for the log
        std::string refusal;    // the host's own error, a channelError, if it is that
        bool cancelled = false; // by `by`
    };
    // Loads an instance under its own identifier. It takes as long as the host takes; once nobody
    // awaits it, cancel `by`, and the host gets a cancel. Await it nevertheless: `by` must outlive
    // it.
    virtual net::task<reload_answer> load_again(lmstudio::load_description wanted,
                                                std::string authorization,
                                                net::cancellation& by) = 0;
};

} // namespace secondwind::recovery
