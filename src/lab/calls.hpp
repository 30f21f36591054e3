// What the lab asks of a host, and what comes back. Values only; pure.
#pragma once

#include <secondwind/registry/records.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::lab {

// How a call ended.
enum class call_end : std::uint8_t {
    answered,    // with success or with an error: see `status` and `error`
    unreachable, // the host took no connection
    cut,         // it took one, and ended it without a whole answer
    timeout,     // no whole answer within the limit
    cancelled    // the lab itself ended it
};

// A loaded copy of a model.
struct loaded_instance {
    std::string id;
    std::string model;
    std::optional<std::int64_t> context; // tokens, as the host lists it
    std::uint32_t parallel = 0;          // 0: not said
    bool just_in_time = false;           // a request has loaded it: it has a time to live
    bool busy = false;                   // as machine::activity() says
    std::string config = "{}";           // as listed, a JSON object
};

// A model of a host's listing.
struct listed_model {
    registry::model facts;
    std::vector<loaded_instance> loaded;
    std::vector<std::string> reasoning; // allowed options; empty: the host does not say
    bool elsewhere = false;             // on another device (LM Link)
};

struct listing {
    call_end end = call_end::answered;
    int status = 0;
    std::string error; // of the host or the connection; empty: `models` is the list
    std::vector<listed_model> models;
    std::size_t left_out = 0; // entries that are not among them; see parse_listing()

    // All loaded instances.
    std::vector<loaded_instance> loaded() const;
};

// What the host says that instances are doing.
struct activity {
    bool known = false;                  // false: it does not say
    std::vector<loaded_instance> loaded; // those that it was asked about, with what it says of them

    // The ids of the busy ones.
    std::vector<std::string> busy() const;
};

struct load_request {
    std::string model;
    std::optional<std::int64_t> context; // nothing: the host's default
    std::optional<bool> flash_attention;
    std::optional<bool> kv_on_gpu;
    std::string config = "{}"; // further members of the request, a JSON object: to load again what
                               // was unloaded
};
struct load_answer {
    call_end end = call_end::answered;
    int status = 0;
    std::string error; // empty: loaded
    std::string instance;
    std::optional<std::int64_t> context; // of load_config; nothing: not echoed
    double seconds = 0;                  // as the host says, else as measured
    bool offered = true;                 // false: the host has no such call
};

struct chat_request {
    std::string instance;
    std::string input;
    std::string reasoning;   // empty: not sent
    std::int64_t output = 0; // tokens at most
};
struct chat_answer {
    call_end end = call_end::answered;
    int status = 0;
    std::string error;
    bool complete = false; // chat.end came
    std::string instance;  // that answered
    std::string text;      // with its reasoning
    std::optional<std::int64_t> input_tokens;
    std::optional<std::int64_t> output_tokens;
    std::optional<double> tps;
    std::optional<double> ttft; // seconds
};

struct embedding_answer {
    call_end end = call_end::answered;
    int status = 0;
    std::string error;
    std::vector<double> vector;
};

struct unload_answer {
    call_end end = call_end::answered;
    bool gone = false;  // unloaded, or there was no such instance
    bool found = false; // it was there
    int status = 0;
    std::string error;
};

// A guess of the host, without a load.
struct estimate {
    std::int64_t context = 0;
    bool passes = false; // the guardrail
    bool low_confidence = false;
    std::optional<std::int64_t> memory; // bytes
};

} // namespace secondwind::lab
