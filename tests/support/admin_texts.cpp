#include "support/admin_texts.hpp"

#include <nlohmann/json.hpp>

namespace secondwind::test {

nlohmann::json admin_status() {
    return nlohmann::json::parse(R"({
        "version":"0.1.0","run":"5f3a9c12","started":"2026-03-14T10:00:00.000Z",
        "now":"2026-03-14T12:05:00.000Z","uptime":7500.0,
        "listen":"127.0.0.1:1235","admin":"127.0.0.1:9235","draining":false,"ready":true,
        "actions_allowed":true,"sequence":17,
        "recovery":{"mode":"on","evict":"idle","pinned":[],"max_replays":1},
        "connections":3,"connections_limit":10000,"replay_buffer":{"used":0,"limit":268435456},
        "event_subscribers":1,
        "totals":{"exchanges":1204,"failed":3,"errors":7,"client_disconnects":1,"recoveries":6,"recovered":5,
                  "replays":6,"bytes_in":1,"bytes_out":2,"stream_events":9,"log_lines_dropped":0},
        "exchanges":[{"number":42,"id":"r-1","method":"POST","path":"/v1/chat/completions",
                      "host":"default","model":"qwen/qwen3-8b","phase":"relaying","stream":true,
                      "attempts":1,"age":1.25,"bytes_in":100,"bytes_out":2000},
                     {"number":43,"id":"r-2","method":"POST","path":"/v1/embeddings",
                      "host":"default","model":null,"phase":"waiting","stream":false,
                      "attempts":1,"age":75,"bytes_in":100,"bytes_out":0}],
        "exchanges_total":2,"history":{"interval":5,"samples":[]}})");
}

nlohmann::json admin_host() {
    return nlohmann::json::parse(R"({
        "name":"default","url":"http://127.0.0.1:1234","state":"up",
        "since":"2026-03-14T11:05:00.000Z","reason":null,"version":"0.4.5","recovering":false,
        "epoch":3,"waiting":0,"in_flight":2,"connections":{"idle":1,"leased":2},
        "listed_at":"2026-03-14T12:04:59.000Z","listing_error":null,
        "models":[{"key":"qwen/qwen3-8b","size":4700000000,"pinned":true,
                   "instances":[{"id":"qwen/qwen3-8b","busy":true,"in_flight":1,
                                 "last_used":"2026-03-14T12:04:50.000Z"},
                                {"id":"qwen/qwen3-8b:2","busy":false,"in_flight":0,
                                 "last_used":null}]},
                  {"key":"google/gemma-3-12b","size":12000000000,"pinned":false,
                   "instances":[]}]})");
}

nlohmann::json admin_recovery() {
    return nlohmann::json::parse(R"({
        "recovery":7,"time":"2026-03-14T12:03:00.000Z","host":"default",
        "trigger":{"request_id":"r-1","path":"/v1/chat/completions","model":"google/gemma-3-12b",
                   "verdict":"insufficient_memory","message":"insufficient system resources",
                   "after_commit":false},
        "plan":{"reason":"unload","exhaustive":true,"instances":[
            {"id":"qwen/qwen3-8b","model":"qwen/qwen3-8b","size_bytes":4700000000,"decision":"unload"},
            {"id":"embed","model":"embed","size_bytes":100,"decision":"pinned"}]},
        "unloads":[{"id":"qwen/qwen3-8b","done":true,"error":"","duration_ms":12.5}],
        "steps":[{"step":"began","at_ms":0.0},{"step":"concluded","at_ms":900.0}],
        "outcome":"recovered","finished":true,"error":"","joined":0,"duration_ms":812.4,
        "replays":[{"request_id":"r-1","outcome":"recovered"}]})");
}

} // namespace secondwind::test
