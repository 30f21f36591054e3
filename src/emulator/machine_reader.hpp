// Reads the members of a JSON object strictly, and collects what is wrong with them. Pure.
#pragma once

#include "answer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secondwind::emulator {

// The words for the values of an enumeration.
template<class T>
using vocabulary_of = std::vector<std::pair<std::string_view, T>>;

class machine_reader {
public:
    // `path` leads to the object, "models[3]", and is empty for the document itself.
    machine_reader(json const& object, std::string path, std::vector<std::string>& faults);

    // Each takes a member that may be absent, and then changes nothing.
    void read(char const* name, bool& into);
    void read(char const* name, std::string& into);
    void read(char const* name, std::vector<std::string>& into);
    void read(char const* name, std::vector<std::uint64_t>& into);
    void read(char const* name, std::chrono::milliseconds& into); // a number of milliseconds
    // Whole numbers, which may be written as 24e9.
    void read(char const* name, std::uint64_t& into, std::uint64_t least, std::uint64_t most);
    void read(char const* name, std::optional<std::uint64_t>& into, std::uint64_t least);
    // More than zero.
    void read(char const* name, double& into, double most);
    template<class T>
    void read(char const* name, T& into, vocabulary_of<T> const& words) {
        auto const* value = take(name);
        if (value == nullptr)
            return;
        for (auto const& [word, meaning] : words)
            if (*value == json(word)) {
                into = meaning;
                return;
            }
        std::string known;
        for (auto const& entry : words)
            known.append(known.empty() ? "" : " or ").append("\"").append(entry.first).append("\"");
        expected(name, known, *value);
    }
    // Calls `each` for the elements of a list of objects.
    void read(char const* name, std::function<void(machine_reader&)> const& each);
    void read_object(char const* name, std::function<void(machine_reader&)> const& inside);

    // Complains of a member that is absent.
    void require(char const* name);
    bool has(char const* name) const;
    void complain(char const* name, std::string_view complaint);
    // Complains of members that nothing has read.
    void finish();

private:
    json const* take(char const* name);
    void expected(char const* name, std::string_view wanted, json const& value);
    std::string path_to(std::string_view name) const;
    std::optional<std::uint64_t> whole(json const& value) const;

    json const& object_;
    std::string path_;
    std::vector<std::string>& faults_;
    std::vector<std::string_view> known_;
};

} // namespace secondwind::emulator
