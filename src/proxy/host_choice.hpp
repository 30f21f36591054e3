// Which host serves a request that names none.
#pragma once

#include "client.hpp"
#include "request.hpp"
#include <secondwind/net/task.hpp>
#include <secondwind/proxy/context.hpp>

#include <optional>

namespace secondwind::proxy {

// Reads what the request says of itself, chooses its host by what is known, and renders its head
// for that one; `head` is the one that it came with. If hosts should be asked first, or none takes
// the request now, it has no host after that. A list of models gets copies for all hosts. The
// refusal is one for the client: the choice would be a guess, and the request destroys something.
std::optional<http::refusal> choose_host(context& shared, client& client, request& request,
                                         http::request_head const& head);
// Asks them, chooses and renders. Call it only after that. If all are at their limits, it waits as
// await_permit() does. It refuses too if all are draining.
net::task<std::optional<http::refusal>> ask_and_choose_host(context& shared, client& client,
                                                            request& request);

// A request that takes a permit gets that of its host. False if it has to wait for it.
bool take_permit(context& shared, request& request);
// Waits for a permit of its host, or for the cheapest host that has one, and takes it. It is
// refused if too many wait already, if it has waited too long, or if a drain has begun that it must
// not outlast. With neither a permit nor a refusal, its client has left, or the server stops.
net::task<std::optional<http::refusal>> await_permit(context& shared, client& client,
                                                     request& request);

// For a request whose host was not chosen by its model and is draining. It is served if it names
// the host, or continues a response, which no other host can do.
std::optional<http::refusal> refuse_on_draining_host(context& shared, request& request);

// Another one, and the head is rendered for that one. False if the request stays where it is.
bool choose_host_after_refusal(context& shared, request& request);  // for memory
bool choose_host_after_recovery(context& shared, request& request); // there is no room for it
bool choose_host_after_failure(context& shared, request& request);  // nothing of it was sent
bool choose_host_that_stores_it(context& shared, request& request); // the response it continues
bool choose_host_that_has_it(context& shared, request& request);    // its host has not

} // namespace secondwind::proxy
