// Calls over the SDK's WebSocket.
#pragma once

#include <secondwind/host/sdk_socket.hpp>
#include <secondwind/lmstudio/ws_codec.hpp>
#include <secondwind/lmstudio/ws_load.hpp>
#include <secondwind/net/cancellation.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace secondwind::host {

// The namespaces that have models, in the order in which they are asked.
constexpr std::string_view llm_path = "/llm";
constexpr std::string_view embedding_path = "/embedding";
// The one for the host itself.
constexpr std::string_view system_path = "/system";

// The host, the credentials and the deadline of a call. `pool` must outlive the calls.
struct socket_host {
    environment env;
    connection_pool& pool;
    std::string authorization;
    sdk_socket::clock::time_point until;
};

struct socket_instance {
    lmstudio::listed_instance listed;
    std::string_view path; // of its namespace
};

struct socket_listing {
    socket_failure failure;
    std::vector<socket_instance> instances; // language models first
};
net::task<socket_listing> list_over_socket(socket_host at);

struct socket_downloads {
    socket_failure failure;
    std::vector<lmstudio::model_on_disk> models;
};
net::task<socket_downloads> downloads_over_socket(socket_host at);

struct socket_version {
    socket_failure failure;
    std::string version;
};
net::task<socket_version> version_over_socket(socket_host at);

// In the namespace `path`, or in both if it is empty.
struct socket_unloading {
    socket_failure failure;
    lmstudio::unload_result result = lmstudio::unload_result::refused;
    std::string error; // if the host refuses
};
net::task<socket_unloading> unload_over_socket(socket_host at, std::string instance_id,
                                               std::string_view path);

// How an instance was loaded that list_over_socket() has told of.
struct socket_description {
    socket_failure failure;
    std::string config; // the result of getLoadConfig
    std::string error;  // if the host refuses
};
net::task<socket_description> load_config_over_socket(socket_host at, socket_instance of);

// How long a load may take. `at.until` bounds all that comes before it.
struct socket_load_limits {
    std::optional<std::chrono::milliseconds> load; // nothing: as long as the host takes
    std::chrono::milliseconds cancel;              // for the host to end one that is cancelled
};
struct socket_loading {
    socket_failure failure;                          // `cancelled` after a cancel
    std::optional<lmstudio::listed_instance> loaded; // also one that was there already
    std::string refusal;                             // the host's channelError
};
// Loads an instance with its own identifier, as it was loaded before. One with the same identifier
// and model that is there already is the result. `by` gives it up: the host gets a cancel.
net::task<socket_loading> load_over_socket(socket_host at, lmstudio::load_description wanted,
                                           socket_load_limits limits, net::cancellation& by);

// What the instances of the namespace are doing; all of them are asked at once. After a failure,
// as far as they have answered.
struct socket_activity {
    socket_failure failure;
    lmstudio::inventory told;
};
// Each answer has `limit`, and `at.until` does not count. `known` is what the namespace has just
// listed; without it, the namespace is asked.
net::task<socket_activity>
activity_over_socket(socket_host at, std::chrono::milliseconds limit, std::string_view path,
                     std::optional<std::vector<lmstudio::listed_instance>> known);

} // namespace secondwind::host
