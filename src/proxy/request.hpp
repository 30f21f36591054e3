// A request as it goes to a host: on every attempt the same bytes.
#pragma once

#include <secondwind/base/ascii.hpp>
#include <secondwind/base/rare_string.hpp>
#include <secondwind/config/current_settings.hpp>
#include <secondwind/http/request_check.hpp>
#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/policy/request_facts.hpp>
#include <secondwind/proxy/listener.hpp>
#include <secondwind/proxy/replay_buffer.hpp>
#include <secondwind/recovery/permit.hpp>
#include <secondwind/recovery/router.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::proxy {

// Immutable once it is read. `head` has the framing in which we send the request; the views are
// made from it on demand.
struct request {
    // Which host it goes to, and whether its client may use it, is decided by the settings that are
    // in force when the head has come; all that follows goes by `current`, even after a reload.
    request(replay_budget& budget, config::settings_ptr current) noexcept
        : settings{std::move(current)}, body{budget, settings->limits.replay_buffer} {}

    std::string_view method() const noexcept { return {request_line().data(), method_size}; }
    std::string_view target() const noexcept { return {target_begin(), target_size}; }
    std::string_view path() const noexcept { return {target_begin(), path_size}; }
    // GET, HEAD and OPTIONS use no model: they need not wait for a recovery.
    bool reads_only() const noexcept {
        auto const name = method();
        return is_literal(name, "GET") || is_literal(name, "HEAD") || is_literal(name, "OPTIONS");
    }
    // Loads, unloads and downloads that the client asks for itself (LM Studio's REST v1).
    bool manages_models() const noexcept { return begins_with(path(), "/api/v1/models"); }
    // It may use a model, so it counts towards upstreams[].max_in_flight and waits where a host has
    // reached that. Tunnels, and what only reads or manages models, are not held up by it.
    bool takes_permit() const noexcept {
        return model.possible() && upgrade == http::upgrade::none && !reads_only() &&
               !manages_models();
    }
    // May be sent again after a transport error (RFC 9110 section 9.2.2).
    bool idempotent() const noexcept {
        return reads_only() || method() == "PUT" || method() == "DELETE" || method() == "TRACE";
    }

    // Of the request line that is kept now.
    void note_sizes(http::request_head const& parsed) noexcept {
        method_size = parsed.method.size();
        target_size = parsed.target.size();
        path_size = std::min(parsed.target.find('?'), target_size);
    }

    // The head for its host, or until that is chosen the one that came, begins with it.
    std::string const& request_line() const noexcept { return head.empty() ? received : head; }
    // A request that was refused before it had a target has sizes of 0.
    char const* target_begin() const noexcept {
        auto const& line = request_line();
        return line.empty() ? line.data() : line.data() + method_size + 1;
    }

    // "X-Request-Id: ...", as a whole line of a head.
    std::string id_field() const { return "X-Request-Id: " + id + "\r\n"; }
    // What is added to every answer of its host, as whole lines of a head: nothing as a rule.
    std::string answer_fields(bool from_one_host = true) const;
    // The value of an Authorization field with this request's credentials, for the calls that are
    // made on its behalf; empty if it has none.
    std::string authorization(http::field_list& scratch) const;

    // A browser sent it for a page of another site, which cannot read the answer.
    bool sent_blind(http::field_list& scratch) const;

    // What is kept of the body was sent and will not be sent again, or its memory is needed.
    void let_go_of_body() {
        model.let_go();
        body.release();
    }

    // The name of its model, for the log and the counts: read from the body where that costs
    // little, and empty otherwise.
    std::string_view model_name() const {
        // Bytes of a body that may be read for it: the same as for a stream, see let_go_of_body().
        constexpr std::size_t most_read = 256 * 1024;
        if (!model.possible())
            return {};
        auto const name = model.glance();
        if (!name.empty() || (!model.is_read() && model.size() > most_read))
            return name;
        return model.name();
    }

    // It may go to another host, for its own was chosen by its model.
    bool movable() const noexcept { return policy::is_free(route); }

    // The name of its host; empty if it was refused before it had one.
    std::string_view host_name() const noexcept {
        return host ? std::string_view{host->name()} : std::string_view{};
    }
    // The bounds on its head, and on that of its answer.
    http::head_limits head_limits() const noexcept {
        return {settings->limits.head, settings->limits.fields, settings->limits.target};
    }

    // The request as it goes to one of several hosts.
    struct copy {
        host::host_ptr host;
        std::string head;
    };

    config::settings_ptr settings;                // never null
    host::host_ptr host;                          // null until it is chosen
    recovery::permit permit;                      // of that host; none where it takes none
    std::chrono::steady_clock::duration queued{}; // how long it has waited for that
    policy::choice_reason route = policy::choice_reason::only; // why that one
    std::unique_ptr<policy::request_facts> facts;              // where its host is chosen by them
    rare_string session;         // that it names (routing.session_fields)
    recovery::turn turn;         // of a conversation that it continues
    recovery::tried_hosts tried; // that have refused it, or could not be reached
    // Of those, the ones that do not get it once more: no recovery would help there.
    recovery::tried_hosts hopeless;
    std::vector<copy> copies; // for all hosts, whose lists of models it asks for
    listener_ptr listener;    // that its client is connected to
    std::string head;
    // The head as the client sent it, where it must be rendered for a host that is not known yet.
    std::string received;
    std::size_t method_size = 0;
    std::size_t target_size = 0;
    std::size_t path_size = 0; // of the target, up to the query
    replay_buffer body;
    // The body is kept whole in `body`. Otherwise what follows the kept part is streamed on from
    // the client, and the request cannot be replayed.
    bool whole = true;
    // Of what is kept in `body`, which must not change any more once this is asked for. That reads
    // the body: only for a recovery or a page that shows the exchange, and of a healthy one before
    // the body is given up for a stream.
    lmstudio::requested_model model;
    http::version version = http::version::http11;
    http::upgrade upgrade = http::upgrade::none;
    bool keep_alive = true; // what the client wants of its connection
    std::string id;         // the client's X-Request-Id, or made
    bool made_id = false;
    rare_string client;        // the name of its client's API key; empty if none is required
    rare_string address;       // of a client without a valid key
    rare_string shown_address; // of any client, where operators may see it (admin.show_addresses)
    std::string agent;         // the product that the client says it is: "curl" for "curl/8.5.0"
    rare_string origin;        // of the web page that it comes from
    // Whole field lines that let this page read an answer of our own.
    rare_string grants;
    rare_string traceparent; // as it came (W3C Trace Context), for the log
};

} // namespace secondwind::proxy
