#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <vector>

namespace secondwind::test {

namespace {

std::vector<bystander*>& bystanders() {
    static std::vector<bystander*> all;
    return all;
}

} // namespace

bystander::bystander() {
    bystanders().push_back(this);
}

bystander::~bystander() {
    std::erase(bystanders(), this);
}

void drive(boost::asio::io_context& io, bool const& done,
           std::chrono::steady_clock::time_point until) {
    io.restart();
    while (!done && io.run_one_until(until) != 0)
        for (auto* const each : bystanders())
            each->after_handler();
}

void run(boost::asio::io_context& io, boost::asio::awaitable<void> task,
         std::chrono::milliseconds limit) {
    namespace asio = boost::asio;
    bool done = false;
    std::exception_ptr error;
    asio::cancellation_signal cancel;
    asio::co_spawn(io, std::move(task),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e) {
                       error = e;
                       done = true;
                   }));
    auto const end = std::chrono::steady_clock::now() + limit;
    drive(io, done, end);
    if (!done) {
        bool const starved = std::chrono::steady_clock::now() < end;
        cancel.emit(asio::cancellation_type::terminal);
        // The frame refers to the test's variables, so it must be destroyed before them.
        drive(io, done, std::chrono::steady_clock::now() + std::chrono::seconds{2});
        throw timed_out{starved ? "the coroutine waits for something that can't happen any more"
                                : "the coroutine did not end in time"};
    }
    if (error)
        std::rethrow_exception(error);
}

} // namespace secondwind::test
