// One operation in a watched tunnel: a channel or a call of LM Studio's SDK that uses a model.
#pragma once

#include <secondwind/http/ws_frame.hpp>
#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/lmstudio/sdk_operation.hpp>
#include <secondwind/lmstudio/sdk_prefix.hpp>
#include <secondwind/net/recycler.hpp>
#include <secondwind/proxy/replay_buffer.hpp>
#include <secondwind/recovery/exchange_recovery.hpp>
#include <secondwind/recovery/operation_recovery.hpp>
#include <secondwind/telemetry/live_exchange.hpp>
#include <secondwind/telemetry/traffic.hpp>

#include <boost/intrusive/set.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::proxy {

// Channels and calls are numbered apart, each by its client.
struct operation_key {
    bool call = false;
    std::int64_t id = 0;
    auto operator<=>(operation_key const&) const = default; // NOLINT(modernize-use-nullptr)
};

// A message in a frame of ours, as a client sends it.
void append_frame_up(std::string& frames, std::string_view message);

// What the operations of a tunnel have in common; all outlive it.
struct operation_setting {
    recovery::host_recovery& host;
    replay_budget& budget;
    std::uint64_t most_kept;    // bytes of one opening message
    std::string_view tunnel_id; // of the request that opened it
    std::string_view path;      // "/llm"
    std::string const& authorization;
    lmstudio::model_kind kind;
};

// From its opening message to its end it is a claim on the models of its host, as an exchange is.
class operation final : public recovery::recoverable_request,
                        public recovery::recoverable_operation,
                        public net::recycled {
public:
    operation(operation_setting const& of, operation_key key, lmstudio::sdk_endpoint endpoint);
    operation(operation const&) = delete;
    operation& operator=(operation const&) = delete;

    operation_key key() const noexcept { return key_; }
    lmstudio::sdk_endpoint opens() const noexcept { return endpoint_; }

    lmstudio::sdk_state state() const noexcept { return state_; }
    recovery::exchange_recovery& recoveries() noexcept override { return recovery_; }

    // The payload of its opening message, while that comes; `size` is all of it, if that is known.
    // False if it cannot be kept.
    bool expect(std::uint64_t size) noexcept;
    void keep(std::string_view payload, http::ws_mask mask);
    // The opening message has come whole.
    void read_model();
    lmstudio::sdk_model const& names() const noexcept override { return names_; }
    bool loads() const noexcept override { return lmstudio::loads(endpoint_); }
    // The host's handles when it was sent; see recovery::handles.
    std::uint64_t handles_then() const noexcept { return handles_then_; }
    // If another reference stands for its own by now, that goes out instead. False if its own does.
    bool follow_handle();
    void load_again(std::string_view model) override;
    // Whether it says which model it uses, as far as that is known here.
    bool knows_model() const { return !model_.name().empty(); }
    // It waits for a recovery of its host.
    void wait() noexcept { state_ = lmstudio::sdk_state::waiting; }
    // The host has the opening message.
    void begin();
    // That message as a client sends it, and what it has sent after that while the first waited.
    std::string frames_up();

    // Moves on in lmstudio::next_of().
    lmstudio::sdk_action take(lmstudio::sdk_event event) noexcept;
    // The client has sent something for it: from now on it is not sent again.
    void touch() noexcept { touched_ = true; }
    bool touched() const noexcept { return touched_; }
    // The same while it waits.
    void keep_behind(std::string_view message);
    // A recovery of its host may hold it; whether it does depends on its model.
    bool may_wait() const noexcept {
        return setting_.host.guard.gate() != policy::gate::open || setting_.host.lease.held();
    }
    bool must_wait() { return recovery_.held() && !recovery_.admitted(); }
    // An opening packet: whether it passes.
    bool shows(lmstudio::sdk_packet packet, std::string_view beginning) noexcept;
    // The host has told of an outcome: nothing of it will be sent again.
    void commit();
    // The host has given this error.
    void note_error(policy::verdict v) noexcept { verdict_ = v; }
    // A recovery would have been begun for that.
    void observe() noexcept { observed_ = true; }
    bool replayable() const override { return whole_ && !touched_; }

    // Its error, as it came.
    void hold(std::string frames) noexcept { held_ = std::move(frames); }
    std::string release() noexcept { return std::exchange(held_, {}); }

    bool recovered() const noexcept {
        return recovery_.met_recovery() && recovery_.outcome() == recovery::outcome::recovered;
    }
    telemetry::live_operation look() const;
    // Its line in the log.
    void write(telemetry::operation_end result);

    // A coroutine of its tunnel refers to it, and destroys it if it is `over` by then.
    bool awaited = false;

    using hook = boost::intrusive::set_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    hook in_table;

private:
    std::string_view id() const override { return name(); }
    std::string const& name() const;
    std::string_view path() const override { return setting_.path; }
    std::string_view endpoint() const override { return lmstudio::to_string(endpoint_); }
    std::string authorization() const override { return setting_.authorization; }
    bool sent_blind() const override { return false; }
    policy::context_choice choice_of_context() const override {
        return loads() || reloads_ ? policy::context_choice::fixed : policy::context_choice::open;
    }

    operation_setting const& setting_;
    operation_key key_;
    lmstudio::sdk_endpoint endpoint_;
    lmstudio::sdk_state state_ = lmstudio::sdk_state::sent;
    bool whole_ = true; // the opening message is kept
    bool touched_ = false;
    bool repeats_ = false; // it was sent again
    bool observed_ = false;
    bool reloads_ = false; // its instance is loaded for it
    policy::verdict verdict_ = policy::verdict::healthy;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    lmstudio::sdk_repeats had_;
    mutable std::string name_; // "<tunnel>/<id>"; empty until it is needed
    std::string held_;
    std::string behind_; // frames
    replay_buffer kept_;
    lmstudio::sdk_model names_;
    std::string successor_; // of the reference in it, which goes out instead; may be empty
    std::uint64_t handles_then_ = 0;
    lmstudio::requested_model model_;
    recovery::exchange_recovery recovery_;
};

// Destroys what is left in it.
class operation_table {
public:
    // An attack must not fill the memory; operations beyond it pass unwatched.
    static constexpr std::size_t most = 4096;

    operation_table() = default;
    operation_table(operation_table const&) = delete;
    operation_table& operator=(operation_table const&) = delete;
    ~operation_table() { clear(); }

    // Null if there is none.
    operation* find(operation_key key) noexcept;
    // Null if its id is in use, or if there are too many.
    operation* add(operation_setting const& of, operation_key key, lmstudio::sdk_endpoint endpoint);
    // One that a coroutine refers to lives on, outside of the table.
    void erase(operation& one) noexcept {
        --size_;
        one.in_table.unlink();
        one.over = true;
        if (!one.awaited)
            delete &one;
    }
    void clear() noexcept;
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    operation& first() noexcept { return *all_.begin(); }
    // The first of them.
    std::vector<telemetry::live_operation> look() const;
    // In the order of the keys; null at the end.
    operation* begin() noexcept { return all_.empty() ? nullptr : &*all_.begin(); }
    operation* after(operation& one) noexcept {
        auto const next = std::next(all_.iterator_to(one));
        return next == all_.end() ? nullptr : &*next;
    }

private:
    struct key_of {
        using type = operation_key;
        type operator()(operation const& one) const noexcept { return one.key(); }
    };
    boost::intrusive::set<
        operation, boost::intrusive::member_hook<operation, operation::hook, &operation::in_table>,
        boost::intrusive::key_of_value<key_of>, boost::intrusive::constant_time_size<false>>
        all_;
    std::size_t size_ = 0;
};

} // namespace secondwind::proxy
