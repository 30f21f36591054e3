#include <secondwind/net/socket.hpp>

namespace secondwind::net {

void prepare(socket& s, error_code& ec) {
    s.non_blocking(true, ec);
    if (!ec)
        s.set_option(asio::ip::tcp::no_delay{true}, ec);
}

} // namespace secondwind::net
