#include "../trust.hpp"

#include <secondwind/net/tls_context.hpp>

#include <memory>

#include <windows.h>

#include <wincrypt.h>
// Names of wincrypt that OpenSSL's headers give to types.
#undef OCSP_REQUEST
#undef OCSP_RESPONSE
#undef PKCS7_ISSUER_AND_SERIAL
#undef PKCS7_SIGNER_INFO
#undef X509_CERT_PAIR
#undef X509_EXTENSIONS
#undef X509_NAME

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace secondwind::net {

// OpenSSL 3.0 knows no way to the system's store.
void trust_system(SSL_CTX* context) {
    auto* const store = ::CertOpenSystemStoreW(0, L"ROOT");
    if (store == nullptr)
        throw tls_error{
            "the certificates that this system trusts (the store ROOT) cannot be read: error " +
            std::to_string(::GetLastError())};
    auto* const into = SSL_CTX_get_cert_store(context);
    PCCERT_CONTEXT each = nullptr;
    while ((each = ::CertEnumCertificatesInStore(store, each)) != nullptr) {
        unsigned char const* at = each->pbCertEncoded;
        auto* const certificate = d2i_X509(nullptr, &at, static_cast<long>(each->cbCertEncoded));
        if (certificate != nullptr)
            X509_STORE_add_cert(into, certificate);
        X509_free(certificate);
    }
    ::CertCloseStore(store, 0);
    ERR_clear_error(); // of those that OpenSSL cannot read
}

} // namespace secondwind::net
