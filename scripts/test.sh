#!/bin/sh
# Builds and runs every test: units, integration, the executable from outside, the fuzzers' corpora,
# the conformance suite, the official OpenAI, Anthropic and LM Studio clients, and the dashboard in
# a browser. Arguments go to ctest: scripts/test.sh -R recovery
#
# PRESET=asan (or another preset of CMakePresets.json) tests that build instead of "dev". CONFIGURE
# contains additional options for CMake.
set -eu
cd "$(dirname "$0")/.."

scripts/install-deps.sh test

# npm writes its own lock file at the end, so an interrupted installation is repeated.
for folder in tests/e2e tests/dashboard tests/packaging; do
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
