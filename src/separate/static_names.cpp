// Only in the executable that loads no library. The C library looks names up by modules that it
// loads as /etc/nsswitch.conf says, and those of another release of the C library may crash the
// program. The two sources named here are linked in.

// Of glibc. Its header is the system's, which only the platform folders of a room include.
extern "C" int __nss_configure_lookup(char const* database, char const* sources);

namespace {

[[maybe_unused]] int const configured = __nss_configure_lookup("hosts", "files dns");

} // namespace
