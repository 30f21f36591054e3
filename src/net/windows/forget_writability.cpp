#include <secondwind/net/socket.hpp>

namespace secondwind::net {

void forget_writability(socket& /*s*/, error_code& /*ec*/) {}

} // namespace secondwind::net
