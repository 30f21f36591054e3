// The running exchanges, for status and actions.
#pragma once

#include <secondwind/telemetry/traffic.hpp>

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::telemetry {

// One operation in the WebSocket of LM Studio's SDK.
struct live_operation {
    std::int64_t id = 0; // of its channel or its call
    std::string_view endpoint;
    std::string_view model; // empty if it is not known
    telemetry::phase phase = phase::waiting;
    double age = 0; // seconds
};

// Until somebody looks, it costs an exchange only its place in a list.
class live_exchange {
public:
    // Views of the exchange; valid until the next await.
    struct view {
        std::uint64_t number = 0;
        std::string_view id;
        std::string_view method;
        std::string_view path;
        std::string_view host;
        std::string_view moved_from; // the host before; mostly empty
        std::string_view model;      // empty if the request names none
        telemetry::phase phase = phase::sending;
        bool stream = false;
        unsigned attempts = 0;
        double age = 0; // seconds
        std::uint64_t bytes_in = 0;
        std::uint64_t bytes_out = 0;
        std::vector<live_operation> operations; // of a watched tunnel, the first of many
    };

    // Counted by this process, because a client chooses the request id, and several requests may
    // share one.
    virtual std::uint64_t number() const noexcept = 0;
    // Searches the body of the request for the name of the model, once.
    virtual view look() const = 0;
    virtual telemetry::phase phase() const noexcept = 0;
    // Ends it at once, as if its client had left. The list does not change under the caller.
    virtual void cancel(std::string_view reason) = 0;

    live_exchange(live_exchange const&) = delete;
    live_exchange& operator=(live_exchange const&) = delete;

protected:
    live_exchange() = default;
    ~live_exchange() = default;

private:
    friend class exchange_list;
    boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
        hook_;
};

// A request goes on to another host. The texts are valid during the call that tells it.
struct move {
    std::string_view request_id;
    std::string_view model; // empty if the request names none
    std::string_view from;
    std::string_view to;
    std::string_view reason; // the verdict on the answer of `from`, or why there is none
};

// Oldest first.
class exchange_list {
    using hook_option = boost::intrusive::member_hook<
        live_exchange,
        boost::intrusive::list_member_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
        &live_exchange::hook_>;
    using list = boost::intrusive::list<live_exchange, hook_option,
                                        boost::intrusive::constant_time_size<false>>;

public:
    // Until it is destroyed.
    void add(live_exchange& one) { all_.push_back(one); }

    // Adds an observer of moves. It is called in the middle of an exchange: it must neither throw
    // nor await, and must be callable as long as there are exchanges.
    void on_move(std::function<void(move const&)> observer) {
        observers_.push_back(std::move(observer));
    }
    void note(move const& made) const {
        for (auto const& each : observers_)
            each(made);
    }

    list::iterator begin() noexcept { return all_.begin(); }
    list::iterator end() noexcept { return all_.end(); }

private:
    list all_;
    std::vector<std::function<void(move const&)>> observers_;
};

} // namespace secondwind::telemetry
