# Completion for fish. Verbs and flags come from the program's --help, so they always match it.

function __secondwind_offered
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l subcommands '/^Subcommands:/,/^$/s/^  ([a-z]+)  +(.*)$/\1\t\2/p'
    set -l flags 's/^  (-.,)?(--[a-z][a-z-]*)(( [^ ]+)*  +(.*))?( [^ ]+)*$/\2\t\5/p'

    switch $before[-1]
        case -c --config --log-file --ca --key-file --machine --report --registry --svg
            __fish_complete_path $current
            return
        case --log-level
            printf '%s\n' debug info warn error off
            return
        case --log-format
            printf '%s\n' auto text json
            return
        case --format
            printf '%s\n' json csv lmstrix
            return
        case --sort
            printf '%s\n' key ctx max size tps ttft date
            return
        case --type
            printf '%s\n' llm embedding
            return
        case --flash-attention --kv-on-gpu
            printf '%s\n' on off
            return
        case --listen --upstream --admin --host --path
            return
    end

    set -l verbs
    set -l help ($before[1] --help 2>/dev/null)
    for word in $before[2..-1]
        if printf '%s\n' $help | sed -nE $subcommands | string match -q -- $word\t'*'
            set -a verbs $word
            set help ($before[1] $verbs --help 2>/dev/null)
        end
    end
    if string match -q -- '-*' $current
        printf '%s\n' $help | sed -nE $flags
    else
        printf '%s\n' $help | sed -nE $subcommands
    end
end

complete -c secondwind -f -a '(__secondwind_offered)'
