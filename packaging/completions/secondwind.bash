# shellcheck shell=bash
# Completion for bash. Verbs and flags come from the program's --help, so they always match it.

_secondwind() {
    local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} help word words
    local -a verbs=()
    local subcommands='/^Subcommands:/,/^$/s/^  ([a-z]+) .*/\1/p'

    COMPREPLY=()
    case ${COMP_WORDS[COMP_CWORD - 1]} in
    -c | --config | --log-file | --ca | --key-file | --machine | --report | --registry | --svg)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --log-level) words="debug info warn error off" ;;
    --log-format) words="auto text json" ;;
    --format) words="json csv lmstrix" ;;
    --sort) words="key ctx max size tps ttft date" ;;
    --type) words="llm embedding" ;;
    --flash-attention | --kv-on-gpu) words="on off" ;;
    --listen | --upstream | --admin | --host | --path) return ;;
    esac

    if [[ -z ${words:-} ]]; then
        help=$("$program" --help 2>/dev/null) || return
        for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
            if sed -nE "$subcommands" <<<"$help" | grep -qxF -- "$word"; then
                verbs+=("$word")
                help=$("$program" "${verbs[@]}" --help 2>/dev/null) || return
            fi
        done
        if [[ $current == -* ]]; then
            words=$(sed -nE 's/^  (-.,)?(--[a-z][a-z-]*).*/\2/p' <<<"$help")
        else
            words=$(sed -nE "$subcommands" <<<"$help")
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _secondwind secondwind
