// Certificates for tests, made when they are needed: no key lies in the repository.
#pragma once

#include <string>
#include <vector>

namespace secondwind::test {

// What a certificate says.
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

// A directory of its own, with who vouches for others in it; it goes with this.
class authority {
public:
    // Two of one name are still two.
    explicit authority(std::string const& name = "who vouches");
    authority(authority const&) = delete;
    authority& operator=(authority const&) = delete;
    ~authority();

    std::string const& file() const noexcept { return itself_.certificate_file; }
    // Vouched for by this.
    identity issue(subject_of what = {});
    // By nobody but itself.
    identity self_signed(subject_of what = {});
    // A file in the directory.
    std::string write(std::string const& name, std::string const& content) const;

private:
    std::string directory_;
    identity itself_;
    int made_ = 0;
};

} // namespace secondwind::test
