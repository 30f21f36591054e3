// The story of one client and a scripted host, repeated with each system call failing in turn.
#pragma once

#include "support/failing_io.hpp"
#include "support/wire.hpp"

#include <secondwind/config/config.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace secondwind::test {

// What the client does next. It goes on after the proxy has had the chance to read what was sent,
// and stops if its connection ends.
struct client_step {
    std::string send{};
    std::size_t interims = 0; // or wait for that many 1xx in all, or any answer
    std::size_t answers = 0;  // or wait for that many answers in all
    std::size_t bytes = 0;    // or wait for that many bytes in all
};

struct fault_story {
    std::vector<client_step> client;

    // What the host sends for a request, piece by piece. The state that it captures is reset before
    // each run. With "Connection: close" the host closes afterwards; after a 101 it echoes.
    std::function<std::vector<std::string>(http_request const&)> host;

    std::size_t requests = 1;   // of the client
    std::string body{};         // of every POST of the client, decoded
    std::string held{};         // the body of an answer that the client only gets after a failure
    std::size_t most_posts = 1; // how often the host may see the same POST
    bool early = false;         // the host answers a head, and reads the body later
    bool reuses = false;        // there is an idle connection to the host
    std::function<void(config::settings&)> configure{};
};

// What all sides saw of a run.
struct fault_run {
    std::string bytes; // to the client
    test::ending ending = test::ending::open;
    std::vector<http_request> requests;       // that reached the host completely
    std::map<std::string, std::size_t> heads; // that reached the host, by method and target
    std::string received;                     // by the proxy, from the client
    std::vector<nlohmann::json> lines;        // of the access log
    bool reached = false;
    bool cut_an_answer = false;
};

// Runs the story once, and expects that it leaves nothing behind and that the next exchange works.
fault_run run_story(fault_story const& story, io_fault fault);

// Expects what must hold in every run, with any fault.
void expect_sound(fault_story const& story, fault_run const& healthy, fault_run const& run,
                  io_fault fault);

// Runs the story with every fault at every k. Returns the number of runs.
std::size_t sweep(fault_story const& story);

} // namespace secondwind::test
