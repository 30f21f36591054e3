// A host that is sent nothing but well-formed requests of a proxy's, one after another, or aborts.
#pragma once

#include "stage.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <utility>
#include <vector>

namespace secondwind::fuzz {

// The body of the answer to a request, the first being number 0.
std::string echo(std::size_t number, message const& request);

class strict_host {
public:
    struct manner {
        bool upgrades; // it agrees to an upgrade: says hello, and then brings all bytes back
        bool chunks;   // it answers in chunks
        bool closes;   // it closes behind each answer
    };

    strict_host(stage& where, manner how) : stage_{where}, how_{how} {}

    bool step();
    std::size_t open() const; // connections

    std::vector<message> served;
    std::vector<std::string> heads; // theirs
    std::string tunnelled;          // what came behind an upgrade

private:
    struct connection {
        explicit connection(peer p) : wire{std::move(p)} {}
        peer wire;
        bool tunnel = false;
    };

    bool serve(connection& on);
    void read(connection& on);
    void answer(connection& on, message const& request);

    stage& stage_;
    manner how_;
    std::list<connection> connections_;
};

} // namespace secondwind::fuzz
