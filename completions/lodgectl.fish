# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion of lodgectl. Verbs and options are those of `lodgectl help`; names are asked of lodged, for 0.15 s at
# most, without a password, and silently.

function __lodgectl_names
    timeout 0.15 lodgectl --no-ask-password --quiet $argv 2>/dev/null
end

# The words before the cursor that are no options
function __lodgectl_words
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; or echo $word
    end
end

# The verb's name, which may have been typed as an alias, then how many words of its own there are
function __lodgectl_verb
    set -l words (__lodgectl_words)
    for n in 1 2
        test (count $words) -ge $n; or return 1
        set -l verb (lodgectl help $words[1..$n] 2>/dev/null | string replace -rf '^lodgectl ([a-z -]+) \[OPTION.*' '$1')
        if set -q verb[1]
            echo $verb[1]
            math (count $words) - $n
            return
        end
    end
    return 1
end

# What help text explains, with its first sentence behind a tab
function __lodgectl_verbs
    lodgectl help $argv 2>/dev/null | string replace -rf '^  ('(string join '' $argv ' ')'?[a-z][a-z-]*)( .*?)?(  +(\S.*))?$' '$1\t$4' |
        string replace -r '^'(string join '' $argv)' ' '' | sort -u
end

function __lodgectl_complete
    set -l verb (__lodgectl_verb)
    if not set -q verb[1]
        set -l group (__lodgectl_words)
        if set -q group[1]
            __lodgectl_verbs $group[1]
        else
            lodgectl help 2>/dev/null | string replace -rf '^  ([a-z][a-z-]*).*?(  +(\S.*))?$' '$1\t$3' | sort -u -k1,1
        end
        return
    end
    switch $verb[1]
        case list status show rm start stop restart terminate pause resume kill wait logs events enable disable reset stats top 'port ls'
            __lodgectl_names list
        case 'network attach' 'network detach'
            test $verb[2] = 0; and __lodgectl_names network ls; or __lodgectl_names list
        case 'network create'
        case 'network *'
            __lodgectl_names network ls
        case mount
            test $verb[2] = 0; and __lodgectl_names list; or __fish_complete_path (commandline -ct)
        case 'port *' bandwidth umount
            test $verb[2] = 0; and __lodgectl_names list
        case set login attach plan exec shell diff commit edit
            test $verb[2] = 0; and __lodgectl_names list
        case cp
            __lodgectl_names list | string replace -r '$' ':'
            __fish_complete_path (commandline -ct)
        case clone rename
            test $verb[2] = 0; and __lodgectl_names list; and __lodgectl_names images
        case create
            test $verb[2] = 1; and __lodgectl_names images
        case run push
            test $verb[2] = 0; and __lodgectl_names images
        case 'image *'
            __lodgectl_names images
        case 'volume *'
            __lodgectl_names volume ls
        case 'job *'
            __lodgectl_names job ls
        case cat
            __lodgectl_names list
        case apply
            __fish_complete_path (commandline -ct)
        case verify
            __fish_complete_path (commandline -ct)
            __lodgectl_names list
        case import-nspawn
            test $verb[2] = 0; and path basename /etc/systemd/nspawn/* /run/systemd/nspawn/* /var/lib/machines/* | string replace -r '\.(nspawn|raw)$' '' | sort -u
        case import
            __fish_complete_path (commandline -ct)
        case export
            test $verb[2] = 0; and __lodgectl_names images; or __fish_complete_path (commandline -ct)
        case help
            lodgectl help | string replace -rf '^  ([a-z][a-z-]*).*' '$1' | sort -u
    end
end

function __lodgectl_options
    set -l verb (__lodgectl_verb)
    lodgectl help (string split -n ' ' -- $verb[1]) 2>/dev/null |
        string replace -rf '^  (?:(-\w), |    )(--[a-z-]+)(\[?=\S*)?(?:  +(\S.*))?$' '$2\t$4'
end

complete -c lodgectl -f
complete -c lodgectl -n 'not string match -q -- "-*" (commandline -ct)' -a '(__lodgectl_complete)'
complete -c lodgectl -n 'string match -q -- "-*" (commandline -ct)' -a '(__lodgectl_options)'
