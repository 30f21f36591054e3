// The exchanges that a host is serving right now.
#pragma once

#include <secondwind/lmstudio/requested_model.hpp>
#include <secondwind/net/gate.hpp>
#include <secondwind/policy/plan.hpp>

#include <boost/intrusive/list.hpp>

#include <cstddef>

namespace secondwind::recovery {

// Costs an exchange a few words of memory and no work: which model it names is read from its kept
// body only when a recovery plans.
class in_flight {
public:
    explicit in_flight(boost::asio::io_context& io) noexcept : changed_{io} {}

    // One exchange, from the moment its request goes out until its answer is complete.
    class entry {
    public:
        // Both must outlive it.
        entry(in_flight& all, lmstudio::requested_model const& model) noexcept
            : all_{all}, model_{model} {
            all.entries_.push_back(*this);
        }
        entry(entry const&) = delete;
        entry& operator=(entry const&) = delete;
        ~entry() {
            // One without a body, as a GET is, uses no model.
            if (all_.changed_.waiting() > 0 && model_.possible())
                all_.changed_.open();
        }

    private:
        friend class in_flight;
        boost::intrusive::list_member_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
            hook_;
        in_flight& all_;
        lmstudio::requested_model const& model_;
    };

    // What they all use.
    policy::usage snapshot() const;

    // How many they are. They are counted when this is asked.
    std::size_t size() const noexcept { return entries_.size(); }

    // Opens whenever an exchange ends that may have used a model.
    net::gate& changed() noexcept { return changed_; }

private:
    using list =
        boost::intrusive::list<entry,
                               boost::intrusive::member_hook<
                                   entry,
                                   boost::intrusive::list_member_hook<
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
                                   &entry::hook_>,
                               boost::intrusive::constant_time_size<false>>;
    list entries_;
    net::gate changed_;
};

} // namespace secondwind::recovery
