#!/bin/sh
# Builds and runs every test: units, integration, the executable from outside, the fuzzers' corpora,
# the conformance suite, and the official OpenAI, Anthropic and LM Studio clients. Arguments go to ctest: scripts/test.sh -R recovery
#
# PRESET=asan (or any other of CMakePresets.json) tests another build than "dev".
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh test

# npm writes a lock file of its own when it is done, so that an interrupted run is begun again.
clients=tests/e2e
done=$(find $clients/node_modules/.package-lock.json -newer $clients/package-lock.json 2>/dev/null || :)
if [ -z "$done" ]; then
    npm --prefix $clients ci --no-audit --no-fund
fi

preset=${PRESET:-dev}
cmake --preset "$preset"
cmake --build --preset "$preset"
exec ctest --preset "$preset" -j2 "$@"
