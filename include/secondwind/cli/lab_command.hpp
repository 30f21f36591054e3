// A verb of the lab with its arguments, as `secondwind lab` is given them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secondwind::cli {

enum class lab_verb : std::uint8_t {
    scan,
    list,
    show,
    test,
    clean,
    publish,
    health,
    backup,
    restore,
    forget,
    export_results,
    import_results
};

struct lab_command {
    lab_verb verb = lab_verb::list;
    std::string registry_file{};       // empty: the default place
    std::optional<std::string> host{}; // the name of one upstream
    bool json = false;
    bool direct = false; // the upstream is a flag's, so no secondwind guards it that is known
    std::vector<std::string> models{}; // keys, or a part of one each
    bool all = false;                  // test, forget: all of them (forget: with `missing`)
    std::string file{};                // restore, export, import, show --svg; "-": standard output

    // list
    std::string sort = "key";
    bool reverse = false;
    std::string type{}; // "llm", "embedding"; empty: both
    bool missing = false;

    // test. Sizes are in tokens, as "32k", "32768" or "32,768".
    std::string context{};
    std::string most{};
    bool quick = false;
    bool thorough = false;
    bool failed = false;
    bool again = false;
    bool dry_run = false; // import as well
    bool keep = false;
    bool exclusive = false;
    bool skip_embeddings = false;
    bool require_recall = false;
    bool force = false;
    bool yes = false;
    std::optional<bool> flash_attention{};
    std::optional<bool> kv_on_gpu{};
    std::chrono::milliseconds load_timeout{600'000};
    std::chrono::milliseconds prompt_time{600'000};
    std::chrono::milliseconds wait{600'000};
    std::chrono::milliseconds quiet{30'000};

    std::string format = "json"; // export: "json", "csv", "lmstrix"
    bool verbose = false;        // health
    std::string program{};       // version of secondwind
};

} // namespace secondwind::cli
