// The way of one operation of LM Studio's SDK through a recovery, and through the load of what its
// handle names.
#pragma once

#include <secondwind/lmstudio/sdk_parameter.hpp>
#include <secondwind/net/cancellation.hpp>
#include <secondwind/net/task.hpp>
#include <secondwind/policy/attempt.hpp>
#include <secondwind/policy/classify.hpp>
#include <secondwind/recovery/exchange_recovery.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace secondwind::recovery {

// What is asked of an operation.
class recoverable_operation {
public:
    virtual exchange_recovery& recoveries() noexcept = 0;
    // What it names, as its client has written it.
    virtual lmstudio::sdk_model const& names() const noexcept = 0;
    // The host loads what it names by itself.
    virtual bool loads() const noexcept = 0;
    // Its instance is loaded again, as it was: this is its model.
    virtual void load_again(std::string_view model) = 0;
    // The token of its client; empty where it has none.
    virtual std::string authorization() const = 0;

    // It has ended meanwhile, or its client has left: nothing more is done for it.
    bool over = false;
    // Ends what it awaits, if that is a load; else null.
    net::cancellation* reload = nullptr;

protected:
    ~recoverable_operation() = default;
};

// An error that ends an operation before its host has told of an outcome.
struct operation_error {
    policy::judgement judged;
    bool unknown = false; // the host knows no instance that it names
    bool lost = false;    // because a recovery has unloaded that, which may be loaded again
};
// `then`: the changes() of the host's handles when the operation was sent.
operation_error judge_operation(host_recovery& host, recoverable_operation const& one,
                                policy::judgement judged, bool unknown, std::uint64_t then);

// A recovery or a load may help.
bool is_curable(host_recovery const& host, recoverable_operation const& one,
                operation_error const& error);

// What follows from an error that is curable, where the operation may be sent again.
policy::next_step step_after(recoverable_operation& one, operation_error& error);

// Carries out the step that follows from its error, and loads again what it names if need be, with
// a recovery of its own where memory is short. True if it is to be sent again. Both must outlive
// it.
net::task<bool> recover_operation(host_recovery& host, recoverable_operation& one,
                                  policy::next_step step, policy::judgement judged);

} // namespace secondwind::recovery
