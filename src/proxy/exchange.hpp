// One client request and all that happens for it until its answer is complete.
#pragma once

#include "access_record.hpp"
#include "attempt.hpp"
#include "body_reader.hpp"
#include "client.hpp"
#include "heartbeat.hpp"
#include "model_list.hpp"
#include "preamble_relay.hpp"
#include <secondwind/host/route_counts.hpp>
#include <secondwind/http/head_writer.hpp>
#include <secondwind/http/replies.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/proxy/context.hpp>
#include <secondwind/recovery/exchange_loop.hpp>
#include <secondwind/telemetry/live_exchange.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secondwind::proxy {

class answer_relay;
struct relay_result;

// Attempts, recovers, replays, relays; and leaves one access line, whatever happens. While it runs
// it is the one that hears of a client that leaves, and then ends everything it waits on.
class exchange final : public telemetry::live_exchange,
                       client::watcher,
                       heartbeat::owner,
                       recovery::recoverable_request {
public:
    // `rest` hands out the part of the body that is not kept, or is null.
    exchange(context& shared, client& c, request& incoming, body_reader* rest);
    ~exchange();

    // Returns true if the client's connection may serve another request.
    net::task<bool> run();

    std::uint64_t number() const noexcept override { return number_; }
    view look() const override;
    telemetry::phase phase() const noexcept override;
    // Ends it at once; `reason` stands in its line of the log.
    void cancel(std::string_view reason) override;

    // What recovery::run_exchange() asks of it: see recovery::recoverable_exchange.
    using failure_type = host::failure const*; // of the last attempt, which has it; or null
    bool gone() const noexcept { return gone_; }
    bool uses_models() const noexcept {
        return !request_.reads_only() && !request_.manages_models();
    }
    void note_gate_wait();
    net::task<void> send(bool fresh);
    net::task<void> receive();
    failure_type attempt_failure() const noexcept { return attempt_->failure(); }
    void note_attempt();
    policy::judgement const& judged() const noexcept { return attempt_->judged(); }
    bool may_resend(failure_type failed) const noexcept {
        return failed->resend_safe() && request_.idempotent() && request_.whole;
    }
    bool moves_from(recovery::exchange_recovery& recovery);
    bool moves_after(failure_type failed);
    bool moves_after_recovery();
    // A later answer takes the place of an earlier one, unless only the earlier one can still be
    // given.
    void hold(policy::next_step step);
    bool holds_answer(failure_type failed) const;
    net::task<void> relay();
    net::task<void> reply_failed(failure_type failed);
    net::task<void> reply_crowded();
    policy::judgement const* late_error();

private:
    void begin_on_host();
    bool may_move() const noexcept {
        return request_.movable() && request_.whole &&
               (!preamble_.begun() || preamble_.only_promised()) &&
               request_.settings->recovery.mode == config::recovery_mode::on;
    }
    void note_earlier();
    void note_move(std::string_view from, std::string_view reason);
    bool says(std::string_view text) const;
    bool lacks_stored() const;
    bool lacks_model() const;
    net::task<void> list_models();
    net::task<void> relay_tunnel();
    net::task<void> go_on(answer_relay passage, http::persistence connection);
    void end_relay(relay_result result, http::persistence connection);
    void let_go_of_body();
    host::move_result result_of_move() const;
    net::task<void> refuse(http::refusal refusal);
    net::task<void> reply_without_descriptors();
    void count_replay();

    void begin_heartbeat();
    bool beat() override;
    std::string held_error() const;
    net::task<void> reply_in_stream(std::string event);
    net::task<void> send_own(http::reply reply);
    bool fits(attempt const& from) const;
    http::persistence persistence(http::framing framing) const;
    std::string own_fields() const;

    void on_client_gone() override;

    std::string_view id() const override { return request_.id; }
    std::string_view path() const override { return request_.path(); }
    std::string authorization() const override { return request_.authorization(shared_.fields); }
    bool replayable() const override { return request_.whole; }
    bool sent_blind() const override;
    policy::context_choice choice_of_context() const override;

    context& shared_;
    client& client_;
    request& request_;
    body_reader* rest_;
    access_record record_;
    preamble_relay preamble_;
    std::optional<recovery::exchange_recovery> recovery_; // by its host
    std::unique_ptr<attempt> attempt_;
    std::unique_ptr<attempt> held_;        // the answer that is relayed if all else fails
    std::unique_ptr<model_list> list_;     // instead of attempts, for what all hosts are asked
    std::unique_ptr<heartbeat> heartbeat_; // where recovery.heartbeat asks for it
    std::uint64_t number_;
    int last_status_ = 0; // of the last attempt's answer
    host::fault last_fault_ = host::fault::none;
    bool gone_ = false;
    bool moving_ = false;             // to a host that has not answered yet
    std::size_t unloaded_before_ = 0; // for it, on hosts that it has left
    bool relaying_ = false;           // the answer that the client gets in the end
    bool keep_ = false;               // the client's connection may serve another request
    bool body_gone_ = false;          // its memory was given back; context_ is known
    policy::context_choice context_ = policy::context_choice::open; // choice_of_context() by then
};

} // namespace secondwind::proxy
