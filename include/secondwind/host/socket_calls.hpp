// Calls over the SDK's WebSocket.
#pragma once

#include <secondwind/host/sdk_socket.hpp>
#include <secondwind/lmstudio/ws_codec.hpp>

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
