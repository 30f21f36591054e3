// One client request and all that happens for it until its answer is complete.
#pragma once

#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/replies.hpp>
#include <secondwind/net/deadline.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/proxy/access_record.hpp>
#include <secondwind/proxy/attempt.hpp>
#include <secondwind/proxy/body_reader.hpp>
#include <secondwind/proxy/client.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/recovery/ledger.hpp>

#include <memory>
#include <optional>

namespace secondwind::proxy {

// Attempts, recovers, replays, relays; and leaves one access line, whatever happens. While it runs
// it is the one that hears of a client that leaves, and then ends everything it waits on.
class exchange final : client::watcher, net::deadline::listener {
public:
    // `rest` hands out what of the body is not kept, or is null.
    exchange(context& shared, client& from, request& what, body_reader* rest);
    ~exchange();

    // Returns true if the client's connection may serve another request.
    net::task<bool> run();

    // Ends it at once: the server stops.
    void abort();

private:
    enum class next : std::uint8_t { again, done };
    static bool curable(policy::verdict v) noexcept;

    net::task<void> attempts();
    net::task<next> judge();
    net::task<next> recover(bool lead);
    net::task<void> wait_at_gate();
    net::task<void> send_answer(std::unique_ptr<attempt> from);
    net::task<void> fail(upstream::failure why);
    net::task<void> refuse(http::refusal why);

    policy::next_step decide() const;
    void hold();
    recovery::trigger trigger() const;
    http::persistence persistence(http::framing framing) const;
    std::string recovery_fields() const;

    void on_client_gone() override;
    void on_deadline() override;

    context& shared_;
    client& client_;
    request& request_;
    body_reader* rest_;
    net::deadline guard_;
    access_record record_;
    std::unique_ptr<attempt> attempt_;
    std::unique_ptr<attempt> held_; // the answer that is relayed if all else fails
    std::optional<net::gate::waiter> waiter_;
    // The recovery that this exchange met, what it met it for, and what came of it for this one.
    std::shared_ptr<recovery::record> recovery_;
    bool leader_ = false;
    policy::verdict reason_ = policy::verdict::healthy;
    recovery::outcome outcome_ = recovery::outcome::pending;
    unsigned replays_left_;
    bool resent_ = false;
    bool gone_ = false;
    bool expired_ = false;
    bool keep_ = false; // the client's connection may serve another request
};

} // namespace secondwind::proxy
