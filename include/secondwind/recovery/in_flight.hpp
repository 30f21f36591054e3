// The exchanges that a host is serving right now.
#pragma once

#include <secondwind/lmstudio/codec.hpp>
#include <secondwind/policy/plan.hpp>

#include <boost/intrusive/list.hpp>

#include <optional>
#include <string_view>

namespace secondwind::recovery {

// Costs an exchange two pointers while nobody asks: which model it names is read from its kept body
// only when a recovery starts.
class in_flight {
public:
    // One exchange, from the moment its request goes out until its answer is complete.
    class entry {
    public:
        // `body` must live as long as the entry, or until forget_body().
        entry(in_flight& where, std::string_view body) noexcept : body_{body} {
            where.entries_.push_back(*this);
        }
        entry(entry const&) = delete;
        entry& operator=(entry const&) = delete;

        // Reads the model from the body now, because the body is about to go.
        void forget_body() { use_ = lmstudio::find_model(body_), body_ = {}; }

    private:
        friend class in_flight;
        boost::intrusive::list_member_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
            hook_;
        std::string_view body_;
        std::optional<lmstudio::model_use> use_;
    };

    // What they all use.
    policy::usage snapshot() const;

private:
    using list = boost::intrusive::list<
        entry,
        boost::intrusive::member_hook<entry,
                                      boost::intrusive::list_member_hook<
                                          boost::intrusive::link_mode<
                                              boost::intrusive::auto_unlink>>,
                                      &entry::hook_>,
        boost::intrusive::constant_time_size<false>>;
    list entries_;
};

} // namespace secondwind::recovery
