#include "target.hpp"

namespace secondwind::fuzz {

namespace {

std::vector<target>& registry() {
    static std::vector<target> all; // the targets register before main(), in any order
    return all;
}

} // namespace

target::target(std::string_view its_name, function its_test) : name{its_name}, test{its_test} {
    registry().push_back(*this);
}

std::vector<target> const& targets() {
    return registry();
}

} // namespace secondwind::fuzz
