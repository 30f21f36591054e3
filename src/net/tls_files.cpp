#include "tls_files.hpp"

#include <secondwind/base/log.hpp>
#include <secondwind/net/tls_context.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

namespace secondwind::net {

namespace {

struct file_closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using file_ptr = std::unique_ptr<std::FILE, file_closer>;

file_ptr open_file(std::string const& path, std::string const& what) {
    file_ptr file{std::fopen(path.c_str(), "rb")};
    int number = errno;
    struct stat found {};
    if (file && ::fstat(fileno(file.get()), &found) == 0 && S_ISDIR(found.st_mode)) {
        file.reset();
        number = EISDIR;
    }
    if (!file)
        throw tls_error{"the " + what + " file \"" + path +
                        "\" cannot be read: " + std::generic_category().message(number)};
    return file;
}

// Nobody is there to be asked for a passphrase.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

// "2026-11-22T10:15:30Z"
std::string to_text(ASN1_TIME const* when) {
    std::tm parts{};
    std::array<char, 32> text{};
    if (ASN1_TIME_to_tm(when, &parts) != 1)
        return "unknown";
    auto const n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), n};
}

void tell_dates(X509 const* certificate, std::string const& path) {
    auto const* const ends = X509_get0_notAfter(certificate);
    auto const* const begins = X509_get0_notBefore(certificate);
    if (X509_cmp_current_time(ends) < 0)
        log::write(log::level::warn, "certificate_expired",
                   {{"file", path},
                    {"expired_at", to_text(ends)},
                    {"advice", "clients refuse it: renew it, and reload (SIGHUP)"}});
    else if (X509_cmp_current_time(begins) > 0)
        log::write(log::level::warn, "certificate_not_yet_valid",
                   {{"file", path}, {"valid_from", to_text(begins)}});
}

void tell_permissions(std::string const& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0 && (found.st_mode & S_IROTH) != 0)
        log::write(
            log::level::warn, "key_exposed",
            {{"file", path}, {"advice", "everybody on this machine may read it: chmod o-r"}});
}

void load_key(SSL_CTX* into, std::string const& path, std::string const& certificate_file) {
    require_readable(path, "key");
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(into, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(into, &asked);
    ERR_clear_error();
    bool const taken = SSL_CTX_use_PrivateKey_file(into, path.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(into, nullptr);
    SSL_CTX_set_default_passwd_cb(into, nullptr);
    if (asked)
        throw tls_error{"the key in \"" + path +
                        "\" is locked with a passphrase, which nobody is there to type: store it "
                        "without one, readable by secondwind alone"};
    auto const code = ERR_peek_error();
    bool const other =
        ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH;
    if (!taken && !other)
        throw tls_error{"the file \"" + path + "\" holds no private key in PEM form (" +
                        tls_reason() + ")"};
    if (!taken || SSL_CTX_check_private_key(into) != 1)
        throw tls_error{"the key in \"" + path + "\" does not belong to the certificate in \"" +
                        certificate_file + "\""};
}

} // namespace

void certificate_destroyer::operator()(X509* c) const noexcept {
    X509_free(c);
}

std::string tls_reason() {
    auto const code = ERR_get_error();
    auto const* const text = code != 0 ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return text != nullptr ? text : "it gives no reason";
}

void require_readable(std::string const& path, std::string const& what) {
    open_file(path, what);
}

certificate_ptr read_certificate(std::string const& path) {
    auto const file = open_file(path, "certificate");
    ERR_clear_error();
    certificate_ptr found{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)};
    if (!found)
        throw tls_error{"the file \"" + path + "\" holds no certificate in PEM form (" +
                        tls_reason() + ")"};
    return found;
}

void load_identity(SSL_CTX* into, std::string const& certificate_file,
                   std::string const& key_file) {
    read_certificate(certificate_file);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(into, certificate_file.c_str()) != 1)
        throw tls_error{"the certificate in \"" + certificate_file +
                        "\" cannot be used: " + tls_reason()};
    load_key(into, key_file, certificate_file);
    tell_dates(SSL_CTX_get0_certificate(into), certificate_file);
    tell_permissions(key_file);
}

} // namespace secondwind::net
