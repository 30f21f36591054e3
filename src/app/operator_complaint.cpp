#include <secondwind/app/operator.hpp>

#include "table.hpp"
#include "wording.hpp"

#include <fmt/format.h>

namespace secondwind::app {
namespace {

constexpr int unauthorized = 401;
constexpr std::string_view ways_to_give_a_token =
    "give admin.token in SECONDWIND_ADMIN_TOKEN, the name of a file with it in "
    "SECONDWIND_ADMIN_TOKEN_FILE, or the server's own configuration with -c FILE";

std::string about_no_answer(std::string const& place, admin_answer const& answer) {
    using fault = admin_answer::fault;
    if (answer.what == fault::nobody_listens)
        return fmt::format(
            "nobody answers on {} ({}): is secondwind running? Its admin listener is "
            "where admin.listen says; name another place with --admin ADDR:PORT",
            place, answer.why);
    if (answer.what == fault::untrusted)
        return fmt::format("{} is not to be trusted ({}): name the PEM file of who vouches for its "
                           "certificate with --ca FILE, or that secondwind's own configuration "
                           "with -c FILE",
                           place, answer.why);
    if (answer.what == fault::silent)
        return fmt::format("{} took the connection and did not answer in time: try again, and look "
                           "into the log of that secondwind",
                           place);
    return fmt::format("{} gave no usable answer ({}): is secondwind's admin listener there? It is "
                       "where admin.listen says; name another place with --admin ADDR:PORT",
                       place, answer.why);
}

} // namespace

std::string complaint_about(admin_address const& where, admin_answer const& answer) {
    auto const place = to_string(where);
    if (answer.what != admin_answer::fault::none)
        return printable(about_no_answer(place, answer));
    auto const body = json::parse(answer.body, nullptr, false);
    auto const& error = member(body, "error");
    auto const code = text_member(error, "code", "");
    if (answer.status == unauthorized && where.token.empty())
        return fmt::format("{} asks for a token: {}", place, ways_to_give_a_token);
    if (answer.status == unauthorized)
        return fmt::format("{} did not accept the token: {}", place, ways_to_give_a_token);
    if (code == "actions_disabled")
        return fmt::format(
            "the secondwind on {} allows no actions: set admin.allow_actions to true "
            "in its configuration and reload it (SIGHUP)",
            place);
    if (code == "host_not_allowed")
        return fmt::format("the secondwind there does not go by the name {}: add it to "
                           "admin.allowed_hosts, or name its own address with --admin ADDR:PORT",
                           place);
    if (code.empty())
        return fmt::format("{} answered with status {}, and not as secondwind does: is its admin "
                           "listener there? It is where admin.listen says; name another place with "
                           "--admin ADDR:PORT",
                           place, answer.status);
    return printable(fmt::format("{} answered with status {}, {}: {}", place, answer.status, code,
                                 text_member(error, "message", "it does not say why")));
}

} // namespace secondwind::app
