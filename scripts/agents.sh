#!/bin/sh
# Installs the newest version of each coding agent with npm, and runs it through secondwind in front
# of an emulated LM Studio, with the settings of docs/clients.md:
#
#     scripts/agents.sh [claude|codex|opencode|cn|cline|qwen]
#
# It is meant for every night: what it tests changes with each release of an agent. The agents get
# keys that are no keys, and nothing but secondwind to talk to. PRESET chooses the build, dev.
set -eu
cd "$(dirname "$0")/.."

preset=${PRESET:-dev}
agents=build/agents

cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target e2e_stage

mkdir -p "$agents"
npm install --prefix "$agents" --no-audit --no-fund --no-save \
    @anthropic-ai/claude-code@latest @openai/codex@latest opencode-ai@latest \
    @continuedev/cli@latest cline@latest @qwen-code/qwen-code@latest

SECONDWIND_STAGE=build/$preset/tests/e2e_stage
export SECONDWIND_STAGE
exec node tests/e2e/agents/run.js "$agents/node_modules/.bin" "$@"
