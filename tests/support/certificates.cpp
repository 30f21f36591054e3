#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace secondwind::test {

namespace {

template<auto Free>
struct freer {
    template<class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freer<X509_free>>;
using file_ptr = std::unique_ptr<std::FILE, freer<std::fclose>>;

file_ptr open(std::string const& path, char const* how) {
    file_ptr file{std::fopen(path.c_str(), how)};
    if (!file)
        throw std::runtime_error{path + " cannot be opened"};
    return file;
}

void extend(X509* certificate, X509* issuer, int nid, std::string const& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

std::string names_of(subject_of const& subject) {
    std::string all;
    for (auto const& name : subject.names)
        all.append(all.empty() ? "" : ",").append("DNS:" + name);
    for (auto const& address : subject.addresses)
        all.append(all.empty() ? "" : ",").append("IP:" + address);
    return all;
}

x509_ptr certify(EVP_PKEY* key, std::string const& name, subject_of const& subject, int serial) {
    constexpr long day = 24 * 60 * 60;
    x509_ptr made{X509_new()};
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), subject.from_days * day);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), subject.until_days * day);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
    return made;
}

void store(identity const& files, X509* certificate, EVP_PKEY* key) {
    PEM_write_X509(open(files.certificate_file, "w").get(), certificate);
    PEM_write_PrivateKey(open(files.key_file, "w").get(), key, nullptr, nullptr, 0, nullptr,
                         nullptr);
    using std::filesystem::perms;
    std::filesystem::permissions(files.key_file, perms::owner_read | perms::owner_write);
}

// `authority` is the name of a certificate authority, or empty for another certificate.
identity made_in(std::string const& directory, int number, subject_of const& subject,
                 identity const* by, std::string const& authority = {}) {
    identity const made{directory + "/" + std::to_string(number) + ".pem",
                        directory + "/" + std::to_string(number) + ".key"};
    key_ptr const key{EVP_EC_gen("P-256")};
    auto const certificate =
        certify(key.get(), authority.empty() ? "a test" : authority, subject, number + 1);
    x509_ptr issuer;
    key_ptr issuer_key;
    if (by != nullptr) {
        issuer.reset(
            PEM_read_X509(open(by->certificate_file, "r").get(), nullptr, nullptr, nullptr));
        issuer_key.reset(
            PEM_read_PrivateKey(open(by->key_file, "r").get(), nullptr, nullptr, nullptr));
    }
    auto* const from = issuer ? issuer.get() : certificate.get();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(from));
    extend(certificate.get(), from, NID_basic_constraints,
           authority.empty() ? "CA:FALSE" : "critical,CA:TRUE");
    if (authority.empty())
        extend(certificate.get(), from, NID_subject_alt_name, names_of(subject));
    if (X509_sign(certificate.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) == 0)
        throw std::runtime_error{"a certificate could not be signed"};
    store(made, certificate.get(), key.get());
    return made;
}

} // namespace

authority::authority(std::string const& name) {
    itself_ = made_in(folder_.path().string(), made_++, {}, nullptr, name);
}

identity authority::issue(subject_of subject) {
    return made_in(folder_.path().string(), made_++, subject, &itself_);
}

identity authority::self_signed(subject_of subject) {
    return made_in(folder_.path().string(), made_++, subject, nullptr);
}

std::string authority::write(std::string const& name, std::string const& content) const {
    auto path = folder_.path().string() + "/" + name;
    std::ofstream{path, std::ios::binary} << content;
    return path;
}

} // namespace secondwind::test
