// Which host serves a request that names none.
#pragma once

#include "client.hpp"
#include "request.hpp"
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

namespace secondwind::proxy {

// Chooses by what is known of the hosts. False if some should be asked first.
bool choose_host(context& shared, client& client, request& request);
net::task<void> ask_and_choose_host(context& shared, request& request);

// Another one, after its host has refused it for memory, or could not be reached; the head is
// rendered for that one. False if it stays where it is.
bool choose_host_instead(context& shared, request& request);
bool choose_host_after_failure(context& shared, request& request);

} // namespace secondwind::proxy
