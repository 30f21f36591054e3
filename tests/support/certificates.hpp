// Certificates for tests, made when they are needed, so that no key is in the repository.
#pragma once

#include "support/temporary_folder.hpp"

#include <string>
#include <vector>

namespace secondwind::test {

// The contents of a certificate.
struct subject_of {
    std::vector<std::string> names{"localhost"};
    std::vector<std::string> addresses{"127.0.0.1", "::1"};
    int from_days = -1; // from now
    int until_days = 10;
};

// PEM files.
struct identity {
    std::string certificate_file;
    std::string key_file;
};

// A temporary directory with a certificate authority; it is removed with this object.
class authority {
public:
    // Two authorities of the same name are still different.
    explicit authority(std::string const& name = "test CA");
    std::string const& file() const noexcept { return itself_.certificate_file; }
    // Signed by this authority.
    identity issue(subject_of subject = {});
    // Self-signed.
    identity self_signed(subject_of subject = {});
    // A file in the directory.
    std::string write(std::string const& name, std::string const& content) const;

private:
    temporary_folder folder_;
    identity itself_;
    int made_ = 0;
};

} // namespace secondwind::test
