// One operation in a watched tunnel: a channel or a call of LM Studio's SDK that uses a model.
#pragma once

#include <secondwind/http/ws_frame.hpp>
#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/lmstudio/sdk_prefix.hpp>
#include <secondwind/net/recycler.hpp>
#include <secondwind/proxy/replay_buffer.hpp>
#include <secondwind/recovery/exchange_recovery.hpp>

#include <boost/intrusive/set.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::proxy {

// Channels and calls are numbered apart, each by its client.
struct operation_key {
    bool call = false;
    std::int64_t id = 0;
    auto operator<=>(operation_key const&) const = default;
};

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
class operation final : public recovery::recoverable_request, public net::recycled {
public:
    operation(operation_setting const& of, operation_key key, lmstudio::sdk_endpoint endpoint);
    operation(operation const&) = delete;
    operation& operator=(operation const&) = delete;

    operation_key key() const noexcept { return key_; }
    lmstudio::sdk_endpoint endpoint() const noexcept { return endpoint_; }

    // The payload of its opening message, while that passes; `size` is all of it, if that is known.
    void expect(std::uint64_t size) noexcept { whole_ = whole_ && kept_.expect(size); }
    void keep(std::string_view payload, http::ws_mask mask);
    // The host has the opening message.
    void begin();
    // The host has told of an outcome: nothing of it will be sent again.
    void commit();
    bool committed() const noexcept { return committed_; }

    using hook = boost::intrusive::set_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    hook in_table;

private:
    std::string_view id() const override { return name_; }
    std::string_view path() const override { return setting_.path; }
    std::string authorization() const override { return setting_.authorization; }
    bool replayable() const override { return whole_; }
    bool sent_blind() const override { return false; }
    bool chooses_context() const override { return lmstudio::loads(endpoint_); }

    operation_setting const& setting_;
    operation_key key_;
    lmstudio::sdk_endpoint endpoint_;
    bool whole_ = true; // the opening message is kept
    bool committed_ = false;
    std::string name_; // "<tunnel>/<id>"; empty until it is needed
    replay_buffer kept_;
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
    void erase(operation& one) noexcept {
        --size_;
        delete &one;
    }
    void clear() noexcept;
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    operation& first() noexcept { return *all_.begin(); }

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
