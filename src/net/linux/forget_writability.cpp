#include <secondwind/net/socket.hpp>

#include <unistd.h>

namespace secondwind::net {

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

} // namespace secondwind::net
