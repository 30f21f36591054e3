#include "schema.hpp"

#include <array>

namespace secondwind::registry {
namespace {

// The ranges are those of records.hpp. Times are RFC 3339.
constexpr std::array<std::string_view, 1> texts{{
    R"sql(
CREATE TABLE host(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL UNIQUE,
    version TEXT,
    seen TEXT
) STRICT;
CREATE TABLE model(
    id INTEGER PRIMARY KEY,
    host INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
    key TEXT NOT NULL CHECK(length(key) BETWEEN 1 AND 1024),
    type TEXT NOT NULL CHECK(type IN ('llm','embedding')),
    variant TEXT,
    size INTEGER CHECK(size BETWEEN 0 AND 1125899906842624),
    quantization TEXT,
    max_context INTEGER CHECK(max_context BETWEEN 1 AND 10000000),
    facts TEXT NOT NULL DEFAULT '{}' CHECK(json_valid(facts)),
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    missing_since TEXT,
    complaint TEXT,
    UNIQUE(host,key)
) STRICT;
CREATE TABLE run(
    id INTEGER PRIMARY KEY,
    host INTEGER NOT NULL REFERENCES host ON DELETE CASCADE,
    began TEXT NOT NULL,
    ended TEXT,
    boot TEXT NOT NULL,
    pid INTEGER NOT NULL,
    program TEXT NOT NULL,
    options TEXT NOT NULL CHECK(json_valid(options)),
    outcome TEXT
) STRICT;
CREATE TABLE probe(
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    lmstudio TEXT,
    settings TEXT NOT NULL CHECK(json_valid(settings)),
    asked INTEGER CHECK(asked BETWEEN 1 AND 10000000),
    effective INTEGER CHECK(effective BETWEEN 1 AND 10000000),
    filled INTEGER CHECK(filled BETWEEN 0 AND 10000000),
    outcome TEXT NOT NULL DEFAULT 'running',
    error TEXT CHECK(length(error)<=1024),
    instance TEXT,
    clean INTEGER NOT NULL DEFAULT 0 CHECK(clean IN (0,1)),
    load REAL CHECK(load BETWEEN 0 AND 2592000),
    ttft REAL CHECK(ttft BETWEEN 0 AND 2592000),
    tps REAL CHECK(tps BETWEEN 0 AND 1e6),
    prompt_tokens INTEGER,
    output_tokens INTEGER,
    recall TEXT CHECK(recall IN ('both','first','last','none')),
    memory INTEGER,
    beside TEXT NOT NULL DEFAULT '[]' CHECK(json_valid(beside)),
    began TEXT NOT NULL,
    ended TEXT
) STRICT;
CREATE INDEX probe_of ON probe(model, fingerprint, asked);
CREATE TABLE result(
    model INTEGER NOT NULL REFERENCES model ON DELETE CASCADE,
    settings TEXT NOT NULL CHECK(json_valid(settings)),
    fingerprint TEXT NOT NULL,
    lmstudio TEXT,
    status TEXT NOT NULL,
    mode TEXT NOT NULL,
    works INTEGER CHECK(works BETWEEN 0 AND 10000000),
    limited_by TEXT,
    document TEXT NOT NULL CHECK(json_valid(document)),
    measured TEXT NOT NULL,
    PRIMARY KEY(model, settings)
) STRICT;
CREATE TABLE restore(
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    instance TEXT NOT NULL,
    config TEXT NOT NULL CHECK(json_valid(config)),
    done INTEGER NOT NULL DEFAULT 0 CHECK(done IN (0,1))
) STRICT;
)sql",
}};

} // namespace

std::span<std::string_view const> migrations() noexcept {
    return texts;
}

} // namespace secondwind::registry
