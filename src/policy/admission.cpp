#include <secondwind/policy/admission.hpp>

#include <array>
#include <cstddef>

namespace secondwind::policy {

namespace {

using enum admission;

constexpr std::size_t gates = 5;
constexpr std::array<std::array<admission, gates>, 11> table{{
    // open, planning, waiting, closed, replaying
    {pass, pass, pass, pass, pass},                                              // nothing
    {pass, pass, pass, pass, pass},                                              // pinned
    {pass, wait_for_plan, pass, wait_for_unload, pass},                          // resident
    {pass, wait_for_plan, pass, wait_for_unload, pass},                          // loaded
    {pass, wait_for_plan, wait_for_target, wait_for_unload, pass},               // held_target
    {pass, wait_for_plan, pass, wait_for_unload, pass},                          // free_target
    {wait_for_load, wait_for_load, wait_for_load, wait_for_load, wait_for_load}, // loading
    {pass, wait_for_plan, pass, wait_for_unload, wait_for_unload},               // crumb
    {pass, wait_for_plan, pass, wait_for_unload, wait_for_unload},               // futile
    {pass, wait_for_plan, wait_in_line, wait_in_line, wait_in_line},             // first
    {wait_in_line, wait_in_line, wait_in_line, wait_in_line, wait_in_line},      // later
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
    }
    return {};
}

} // namespace secondwind::policy
