#!/bin/sh
# Builds and runs every test: units, integration, the executable from outside, the fuzzers' corpora,
# the conformance suite, the official OpenAI, Anthropic and LM Studio clients, and the dashboard in
# a browser. Arguments go to ctest: scripts/test.sh -R recovery
#
# PRESET=asan (or any other of CMakePresets.json) tests another build than "dev", and CONFIGURE holds
# further options for CMake.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh test

# npm writes a lock file of its own when it is done, so that an interrupted run is begun again.
for folder in tests/e2e tests/dashboard; do
    done=$(find $folder/node_modules/.package-lock.json -newer $folder/package-lock.json 2>/dev/null || :)
    if [ -z "$done" ]; then
        npm --prefix $folder ci --no-audit --no-fund
    fi
done

preset=${PRESET:-dev}
# shellcheck disable=SC2086 # a list of options
cmake --preset "$preset" ${CONFIGURE:-}
cmake --build --preset "$preset"
exec ctest --preset "$preset" -j2 "$@"
