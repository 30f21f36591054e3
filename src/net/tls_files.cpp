#include "tls_files.hpp"

#include <secondwind/base/file.hpp>
#include <secondwind/base/log.hpp>
#include <secondwind/base/path.hpp>
#include <secondwind/base/system.hpp>
#include <secondwind/net/tls_context.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509err.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>

namespace secondwind::net {

namespace {

struct file_closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using file_ptr = std::unique_ptr<std::FILE, file_closer>;

file_ptr open_file(std::string const& path, std::string const& content) {
    file_ptr file{std::fopen(path.c_str(), "rb")};
    int number = errno;
    std::error_code ignored;
    if (std::filesystem::is_directory(utf8_path(path), ignored)) {
        file.reset();
        number = EISDIR;
    }
    if (!file)
        throw tls_error{"the " + content + " file \"" + path +
                        "\" cannot be read: " + std::generic_category().message(number)};
    return file;
}

// A service cannot ask for a passphrase.
int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* encrypted) {
    *static_cast<bool*>(encrypted) = true;
    return -1;
}

// "2026-11-22T10:15:30Z"
std::string to_text(ASN1_TIME const* time) {
    std::tm parts{};
    std::array<char, 32> text{};
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return "unknown";
    auto const n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), n};
}

void warn_of_dates(X509 const* certificate, std::string const& path) {
    auto const* const ends = X509_get0_notAfter(certificate);
    auto const* const begins = X509_get0_notBefore(certificate);
    if (X509_cmp_current_time(ends) < 0)
        log::write(log::level::warn, "certificate_expired",
                   {{"file", path},
                    {"expired_at", to_text(ends)},
                    {"advice", "clients refuse it: renew it and " + std::string{reload_advice()}}});
    else if (X509_cmp_current_time(begins) > 0)
        log::write(log::level::warn, "certificate_not_yet_valid",
                   {{"file", path}, {"valid_from", to_text(begins)}});
}

void warn_of_permissions(std::string const& path) {
    if (is_readable_by_all(utf8_path(path)))
        log::write(
            log::level::warn, "key_exposed",
            {{"file", path}, {"advice", "every user of this machine can read it: run chmod o-r"}});
}

} // namespace

void certificate_destroyer::operator()(X509* c) const noexcept {
    X509_free(c);
}

std::string tls_reason() {
    auto const code = ERR_get_error();
    auto const* const text = code != 0 ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return text != nullptr ? text : "no reason given";
}

void require_readable(std::string const& path, std::string const& content) {
    open_file(path, content);
}

certificate_ptr read_certificate(std::string const& path) {
    auto const file = open_file(path, "certificate");
    ERR_clear_error();
    certificate_ptr found{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)};
    if (!found)
        throw tls_error{"the file \"" + path + "\" does not contain a PEM certificate (" +
                        tls_reason() + ")"};
    return found;
}

void load_certificate(SSL_CTX* into, std::string const& path) {
    read_certificate(path);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(into, path.c_str()) != 1)
        throw tls_error{"the certificate in \"" + path + "\" cannot be used: " + tls_reason()};
}

void load_key(SSL_CTX* into, std::string const& path, std::string const& certificate_file) {
    require_readable(path, "key");
    bool encrypted = false;
    SSL_CTX_set_default_passwd_cb(into, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(into, &encrypted);
    ERR_clear_error();
    bool const taken = SSL_CTX_use_PrivateKey_file(into, path.c_str(), SSL_FILETYPE_PEM) == 1;
    SSL_CTX_set_default_passwd_cb_userdata(into, nullptr);
    SSL_CTX_set_default_passwd_cb(into, nullptr);
    if (encrypted)
        throw tls_error{"the key in \"" + path +
                        "\" is encrypted with a passphrase, and secondwind cannot ask for one: "
                        "store the key without a passphrase, readable only by secondwind"};
    auto const code = ERR_peek_error();
    bool const other =
        ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH;
    if (!taken && !other)
        throw tls_error{"the file \"" + path + "\" does not contain a PEM private key (" +
                        tls_reason() + ")"};
    bool const has_certificate = SSL_CTX_get0_certificate(into) != nullptr;
    if (!taken || (has_certificate && SSL_CTX_check_private_key(into) != 1))
        throw tls_error{"the key in \"" + path + "\" does not belong to the certificate in \"" +
                        certificate_file + "\""};
}

void warn_of_identity(SSL_CTX const* loaded, std::string const& certificate_file,
                      std::string const& key_file) {
    warn_of_dates(SSL_CTX_get0_certificate(loaded), certificate_file);
    warn_of_permissions(key_file);
}

} // namespace secondwind::net
