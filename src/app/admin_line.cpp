#include "admin_line.hpp"

#include <secondwind/net/tls_context.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>

namespace secondwind::app {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

admin_answer line::connect(net::stream& socket, admin_address const& to) {
    tcp::resolver::results_type places;
    error_code ec;
    auto const numeric = asio::ip::make_address(to.host, ec);
    if (ec)
        ec = await([&](auto done) {
            resolver_.async_resolve(
                to.host, std::to_string(to.port), tcp::resolver::numeric_service,
                [&places, done](error_code failed, tcp::resolver::results_type found) mutable {
                    places = std::move(found);
                    done(failed);
                });
        });
    else
        places = tcp::resolver::results_type::create({numeric, to.port}, to.host, "");
    if (ec)
        return unreachable("its name could not be resolved (" + ec.message() + ")");
    ec = await([&](auto done) { asio::async_connect(socket.tcp(), places, done); });
    if (ec)
        return unreachable(ec.message());
    net::prepare(socket.tcp(), ec);
    return to.tls ? shake_hands(socket, to) : admin_answer{};
}

admin_answer line::shake_hands(net::stream& socket, admin_address const& to) {
    try {
        auto const tls = to.certificate_file.empty()
                             ? net::tls_context::for_host(to.host, to.ca_file, true)
                             : net::tls_context::for_certificate(to.certificate_file);
        socket.begin_tls(tls->session(socket.tcp()));
    } catch (net::tls_error const& e) {
        return {admin_answer::fault::untrusted, e.what(), 0, {}};
    }
    auto const ec = await([&](auto done) { socket.async_handshake(done); });
    if (expired_)
        return {admin_answer::fault::silent, "it did not answer in time", 0, {}};
    if (ec)
        return {admin_answer::fault::untrusted,
                socket.is_open() ? socket.tls()->error() : "interrupted",
                0,
                {}};
    return {};
}

admin_answer line::unreachable(std::string why) const {
    return {admin_answer::fault::nobody_listens,
            expired_ ? "it did not take the connection in time" : std::move(why),
            0,
            {}};
}

} // namespace secondwind::app
