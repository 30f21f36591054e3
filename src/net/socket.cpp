#include <secondwind/net/socket.hpp>

#ifdef __linux__
#include <unistd.h>
#endif

namespace secondwind::net {

#ifdef __linux__
void forget_writability(socket& s, error_code& ec) {
    auto const local = s.local_endpoint(ec);
    if (ec)
        return;
    auto const native = s.release(ec);
    if (ec)
        return;
    s.assign(local.protocol(), native, ec);
    if (ec)
        ::close(native); // it has no owner any more
}
#else
void forget_writability(socket& /*s*/, error_code& /*ec*/) {}
#endif

void prepare(socket& s, error_code& ec) {
    s.non_blocking(true, ec);
    if (!ec)
        s.set_option(asio::ip::tcp::no_delay{true}, ec);
}

} // namespace secondwind::net
