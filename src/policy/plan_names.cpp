#include <secondwind/policy/plan.hpp>

namespace secondwind::policy {

std::string_view to_string(activity a) noexcept {
    switch (a) {
    case activity::unknown:
        return "unknown";
    case activity::idle:
        return "idle";
    case activity::busy:
        return "busy";
    }
    return {};
}

std::string_view to_string(evict e) noexcept {
    switch (e) {
    case evict::idle:
        return "idle";
    case evict::enough:
        return "enough";
    case evict::all:
        return "all";
    }
    return {};
}

std::string_view to_string(plan_reason r) noexcept {
    switch (r) {
    case plan_reason::unload:
        return "unload";
    case plan_reason::nothing_loaded:
        return "nothing_loaded";
    case plan_reason::all_pinned:
        return "all_pinned";
    case plan_reason::all_busy:
        return "all_busy";
    case plan_reason::not_curable:
        return "not_curable";
    }
    return {};
}

std::string_view to_string(fate f) noexcept {
    switch (f) {
    case fate::taken:
        return "taken";
    case fate::wanted:
        return "wanted";
    case fate::pinned:
        return "pinned";
    case fate::busy_here:
        return "busy_here";
    case fate::busy_there:
        return "busy_there";
    case fate::not_needed:
        return "not_needed";
    case fate::not_enough:
        return "not_enough";
    case fate::unrelated:
        return "unrelated";
    }
    return {};
}

} // namespace secondwind::policy
