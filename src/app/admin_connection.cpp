#include "admin_connection.hpp"

#include <secondwind/net/tls_context.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>

namespace secondwind::app {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

admin_answer admin_connection::connect(net::stream& socket, admin_address const& address) {
    tcp::resolver::results_type endpoints;
    error_code ec;
    auto const numeric = asio::ip::make_address(address.host, ec);
    if (ec)
        ec = await([&](auto done) {
            resolver_.async_resolve(
                address.host, std::to_string(address.port), tcp::resolver::numeric_service,
                [&endpoints, done](error_code failed, tcp::resolver::results_type found) mutable {
                    endpoints = std::move(found);
                    done(failed);
                });
        });
    else
        endpoints = tcp::resolver::results_type::create({numeric, address.port}, address.host, "");
    if (ec)
        return unreachable("its name cannot be resolved: " + ec.message());
    ec = await([&](auto done) { asio::async_connect(socket.tcp(), endpoints, done); });
    if (ec)
        return unreachable(ec.message());
    net::prepare(socket.tcp(), ec);
    return address.tls ? shake_hands(socket, address) : admin_answer{};
}

admin_answer admin_connection::shake_hands(net::stream& socket, admin_address const& address) {
    try {
        auto const tls = address.certificate_file.empty()
                             ? net::tls_context::for_host(address.host, address.ca_file, true)
                             : net::tls_context::for_certificate(address.certificate_file);
        socket.begin_tls(tls->session(socket.tcp()));
    } catch (net::tls_error const& e) {
        return {admin_failure::untrusted, e.what(), 0, {}};
    }
    auto const ec = await([&](auto done) { socket.async_handshake(done); });
    if (timed_out_)
        return {admin_failure::timeout, "it did not answer in time", 0, {}};
    if (ec)
        return {admin_failure::untrusted,
                socket.is_open() ? socket.tls()->error() : "interrupted",
                0,
                {}};
    return {};
}

admin_answer admin_connection::unreachable(std::string detail) const {
    return {admin_failure::unreachable,
            timed_out_ ? "it did not accept the connection in time" : std::move(detail),
            0,
            {}};
}

} // namespace secondwind::app
