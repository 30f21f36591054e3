#include <secondwind/policy/admission.hpp>

#include <array>
#include <cstddef>

namespace secondwind::policy {

namespace {

using enum admission;

constexpr std::size_t gates = 6;
constexpr std::array<std::array<admission, gates>, 11> table{{
    // open, planning, waiting, closed, replaying, leased
    {pass, pass, pass, pass, pass, pass},                                        // nothing
    {pass, pass, pass, pass, pass, wait_for_lab},                                // pinned
    {pass, wait_for_plan, pass, wait_for_unload, pass, wait_for_lab},            // resident
    {pass, wait_for_plan, pass, wait_for_unload, pass, wait_for_lab},            // loaded
    {pass, wait_for_plan, wait_for_target, wait_for_unload, pass, wait_for_lab}, // held_target
    {pass, wait_for_plan, pass, wait_for_unload, pass, wait_for_lab},            // free_target
    {wait_for_load, wait_for_load, wait_for_load, wait_for_load, wait_for_load,
     wait_for_lab},                                                                       // loading
    {pass, wait_for_plan, pass, wait_for_unload, wait_for_unload, wait_for_lab},          // crumb
    {pass, wait_for_plan, pass, wait_for_unload, wait_for_unload, wait_for_lab},          // futile
    {pass, wait_for_plan, wait_in_line, wait_in_line, wait_in_line, wait_for_lab},        // first
    {wait_in_line, wait_in_line, wait_in_line, wait_in_line, wait_in_line, wait_for_lab}, // later
}};

} // namespace

admission admit(wish w, gate g) noexcept {
    return table[static_cast<std::size_t>(w)][static_cast<std::size_t>(g)];
}

std::string_view to_string(gate g) noexcept {
    switch (g) {
    case gate::open:
        return "open";
    case gate::planning:
        return "planning";
    case gate::waiting:
        return "waiting";
    case gate::closed:
        return "closed";
    case gate::replaying:
        return "replaying";
    case gate::leased:
        return "leased";
    }
    return {};
}

std::string_view to_string(wish w) noexcept {
    switch (w) {
    case wish::nothing:
        return "nothing";
    case wish::pinned:
        return "pinned";
    case wish::resident:
        return "resident";
    case wish::loaded:
        return "loaded";
    case wish::held_target:
        return "held_target";
    case wish::free_target:
        return "free_target";
    case wish::loading:
        return "loading";
    case wish::crumb:
        return "crumb";
    case wish::futile:
        return "futile";
    case wish::first:
        return "first";
    case wish::later:
        return "later";
    }
    return {};
}

std::string_view to_string(admission a) noexcept {
    switch (a) {
    case pass:
        return "pass";
    case wait_for_plan:
        return "wait_for_plan";
    case wait_for_target:
        return "wait_for_target";
    case wait_for_unload:
        return "wait_for_unload";
    case wait_for_load:
        return "wait_for_load";
    case wait_in_line:
        return "wait_in_line";
    case wait_for_lab:
        return "wait_for_lab";
    }
    return {};
}

} // namespace secondwind::policy
