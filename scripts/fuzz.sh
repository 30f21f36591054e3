#!/bin/sh
# Builds every fuzzer and runs each for a few seconds: scripts/fuzz.sh [SECONDS] [TARGET...]
# New inputs, and inputs that break something, go to build/fuzz-runs/<target>/. The committed seeds
# are not changed. To keep a finding, copy it to tests/fuzz/corpus/<target>/; every build replays it.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-10}
case $seconds in
'' | *[!0-9]*) echo "usage: $0 [SECONDS] [TARGET...]" >&2; exit 2 ;;
esac
[ $# -eq 0 ] || shift

cmake --preset asan >/dev/null
cmake --build --preset asan --target fuzzers

if [ $# -eq 0 ]; then
    for source in tests/fuzz/*_fuzz.cpp; do
        set -- "$@" "$(basename "$source" _fuzz.cpp)"
    done
fi

failed=
for target in "$@"; do
    echo "== $target"
    runs=build/fuzz-runs/$target
    mkdir -p "$runs/corpus" "$runs/artefacts"
    # Memory and time are limited: a target that uses too much memory or hangs is a finding too.
    if ! "build/asan/tests/fuzz/${target}_fuzz" "$runs/corpus" "tests/fuzz/corpus/$target" \
        -max_total_time="$seconds" -timeout=15 -rss_limit_mb=1024 -max_len=65536 \
        -print_final_stats=1 -print_funcs=0 -verbosity=0 -artifact_prefix="$runs/artefacts/" \
        >"$runs/log" 2>&1; then
        failed="$failed $target"
    fi
    cat "$runs/log"
done

if [ -n "$failed" ]; then
    for target in $failed; do
        echo "== $target failed"
        grep -E 'ERROR|SUMMARY|    #[0-9] |artifact|Base64|runtime error' "build/fuzz-runs/$target/log" |
            head -n 16
    done
    echo "failed:$failed (inputs under build/fuzz-runs/)" >&2
    exit 1
fi
