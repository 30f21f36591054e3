// Certificates and keys that are unusable, or deserve a warning.
#include "support/certificates.hpp"
#include "support/log_file.hpp"

#include <secondwind/net/tls_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <openssl/pem.h>

#include <memory>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace secondwind;
using namespace secondwind::test;
using net::tls_context;
using testing::AllOf;
using testing::HasSubstr;

namespace {

std::string complaint(std::string const& certificate_file, std::string const& key_file) {
    try {
        tls_context::for_listener(certificate_file, key_file);
    } catch (net::tls_error const& e) {
        return e.what();
    }
    return {};
}

std::string complaint_about_ca(std::string const& file) {
    try {
        tls_context::for_host("h", file, true);
    } catch (net::tls_error const& e) {
        return e.what();
    }
    return {};
}

struct tls_files : testing::Test {
    authority ca;
    identity const good = ca.issue();
    identity const other = ca.issue();
};

// The same key, encrypted with a passphrase.
std::string locked(std::string const& key_file) {
    std::unique_ptr<BIO, int (*)(BIO*)> const in{BIO_new_file(key_file.c_str(), "r"), BIO_free};
    std::unique_ptr<BIO, int (*)(BIO*)> const out{BIO_new(BIO_s_mem()), BIO_free};
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> const key{
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
    std::string word = "passphrase";
    PEM_write_bio_PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr,
                             word.data());
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(BIO_read(out.get(), text.data(), 4096)));
    return text;
}

} // namespace

TEST_F(tls_files, that_are_valid_make_a_context_without_a_warning) {
    log_file const log;
    EXPECT_EQ(complaint(good.certificate_file, good.key_file), "");
    EXPECT_EQ(complaint_about_ca(ca.file()), "");
    EXPECT_TRUE(log.lines("key_exposed").empty());
    EXPECT_TRUE(log.lines("certificate_expired").empty());
}

TEST_F(tls_files, are_inspected_both_at_once_and_without_a_word_in_the_log) {
    log_file const log;
    auto const fine = tls_context::inspect_identity(good.certificate_file, good.key_file);
    EXPECT_EQ(fine.certificate + fine.key, "");
    auto const missing = tls_context::inspect_identity("/nowhere/x.pem", "/nowhere/x.key");
    EXPECT_THAT(missing.certificate, HasSubstr("\"/nowhere/x.pem\" cannot be read: No such file"));
    EXPECT_THAT(missing.key, HasSubstr("\"/nowhere/x.key\" cannot be read: No such file"));
    auto const swapped = tls_context::inspect_identity(good.certificate_file, other.key_file);
    EXPECT_EQ(swapped.certificate, "");
    EXPECT_THAT(swapped.key, HasSubstr("does not belong to the certificate"));
    auto const alone = tls_context::inspect_identity("", good.key_file);
    EXPECT_EQ(alone.certificate + alone.key, "");
}

TEST_F(tls_files, that_cannot_be_read_are_named) {
    EXPECT_THAT(complaint("/nowhere/x.pem", good.key_file),
                AllOf(HasSubstr("\"/nowhere/x.pem\""), HasSubstr("No such file")));
    EXPECT_THAT(complaint(good.certificate_file, "/nowhere/x.key"),
                AllOf(HasSubstr("key file \"/nowhere/x.key\""), HasSubstr("No such file")));
    EXPECT_THAT(complaint_about_ca(testing::TempDir()), HasSubstr("Is a directory"));
    if (::geteuid() != 0) {
        ::chmod(good.key_file.c_str(), 0);
        EXPECT_THAT(complaint(good.certificate_file, good.key_file),
                    HasSubstr("Permission denied"));
    }
}

TEST_F(tls_files, that_contain_something_else_are_named) {
    auto const text = ca.write("text.pem", "no certificate\n");
    EXPECT_THAT(complaint(text, good.key_file),
                AllOf(HasSubstr(text), HasSubstr("does not contain a PEM certificate")));
    EXPECT_THAT(complaint_about_ca(text),
                AllOf(HasSubstr(text), HasSubstr("does not contain a PEM certificate")));
    EXPECT_THAT(complaint(good.certificate_file, text),
                AllOf(HasSubstr(text), HasSubstr("does not contain a PEM private key")));
}

TEST_F(tls_files, that_do_not_belong_together_are_both_named) {
    EXPECT_THAT(complaint(good.certificate_file, other.key_file),
                AllOf(HasSubstr(good.certificate_file), HasSubstr(other.key_file),
                      HasSubstr("does not belong")));
}

TEST_F(tls_files, that_need_a_passphrase_are_refused_without_a_prompt) {
    auto const file = ca.write("locked.key", locked(good.key_file));
    EXPECT_THAT(complaint(good.certificate_file, file), HasSubstr("passphrase"));
}

TEST_F(tls_files, that_have_expired_are_used_with_a_warning) {
    log_file const log;
    auto const old = ca.issue({.from_days = -20, .until_days = -10});
    auto const early = ca.issue({.from_days = 10, .until_days = 20});
    EXPECT_EQ(complaint(old.certificate_file, old.key_file), "");
    EXPECT_EQ(complaint(early.certificate_file, early.key_file), "");
    auto const lines = log.lines("certificate_expired");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0]["file"], old.certificate_file);
    EXPECT_EQ(lines[0]["level"], "warn");
    EXPECT_THAT(lines[0]["expired_at"].get<std::string>(),
                testing::MatchesRegex("20..-..-..T..:..:..Z"));
    EXPECT_EQ(log.lines("certificate_not_yet_valid").size(), 1u);
}

TEST_F(tls_files, that_everyone_may_read_are_used_with_a_warning) {
    log_file const log;
    ::chmod(good.key_file.c_str(), 0644);
    EXPECT_EQ(complaint(good.certificate_file, good.key_file), "");
    ASSERT_EQ(log.lines("key_exposed").size(), 1u);
    EXPECT_EQ(log.lines("key_exposed")[0]["file"], good.key_file);
}
