#include <secondwind/host/failure.hpp>

namespace secondwind::host {

std::string_view to_string(fault f) noexcept {
    switch (f) {
    case fault::none:
        return "none";
    case fault::resolve:
        return "resolve";
    case fault::connect:
        return "connect";
    case fault::descriptors:
        return "descriptors";
    case fault::connect_timeout:
        return "connect_timeout";
    case fault::tls:
        return "tls";
    case fault::closed:
        return "closed";
    case fault::timeout:
        return "timeout";
    case fault::malformed:
        return "malformed";
    case fault::misfit:
        return "misfit";
    case fault::too_large:
        return "too_large";
    case fault::cancelled:
        return "cancelled";
    }
    return "none";
}

std::string describe(failure const& f) {
    switch (f.kind) {
    case fault::none:
        return "no failure";
    case fault::resolve:
        return "its name could not be resolved (" + f.cause.message() + ")";
    case fault::connect:
        return "the connection failed (" + f.cause.message() + ")";
    case fault::descriptors:
        return "this proxy has no file descriptor left for a connection (" + f.cause.message() +
               ")";
    case fault::connect_timeout:
        return "it did not accept a connection in time";
    case fault::tls:
        return "the TLS handshake failed: " +
               (f.detail.empty() ? f.cause.message() : std::string{f.detail});
    case fault::closed:
        return f.answer_began ? "it closed the connection before its answer was complete"
                              : "it closed the connection before answering";
    case fault::timeout:
        return "it did not answer in time";
    case fault::malformed:
        return "its answer was not valid HTTP (" + std::string{f.detail} + ")";
    case fault::misfit:
        return "its answer does not continue the stream that the client has seen begin";
    case fault::too_large:
        return "its answer was too large";
    case fault::cancelled:
        return "the request was cancelled";
    }
    return {};
}

} // namespace secondwind::host
