#include <secondwind/net/descriptors.hpp>

#include <boost/system/errc.hpp>

namespace secondwind::net {

bool lacks_descriptors(boost::system::error_code const& error) noexcept {
    using namespace boost::system::errc;
    return error == too_many_files_open || error == too_many_files_open_in_system;
}

} // namespace secondwind::net
