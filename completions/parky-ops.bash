_parky_ops_complete() {
    local line=${COMP_LINE:0:COMP_POINT} words=() cur='' word i
    # readline cuts words at '=' and ':' too; what has no blank between is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        local joined=1
        if [[ $i == 0 || $line == [[:space:]]* ]]; then joined=0; fi
        line=${line#"${line%%[![:space:]]*}"}
        if ((i == COMP_CWORD)); then word=$line; fi
        line=${line#"$word"}
        if ((joined)); then words[${#words[@]} - 1]+=$word; else words+=("$word"); fi
    done
    cur=${words[${#words[@]} - 1]}
    local values=() titles=() value title widest=0
    while IFS=$'\t' read -r value title; do
        values+=("$value")
        titles+=("$title")
        if ((${#value} > widest)); then widest=${#value}; fi
    done < <(_CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) PARKY_OPS_COMPLETE=bash parky-ops -- "${words[@]}" 2>/dev/null)
    # bash puts the value after the last such sign only.
    local breaks=${COMP_WORDBREAKS//[^=:]/} before=''
    if [[ -n $breaks ]]; then before=${cur%"${cur##*[$breaks]}"}; fi
    COMPREPLY=()
    local several=0
    # 9, 33, 63 and 64 list; the other kinds of completion insert each value in turn.
    if ((${#values[@]} > 1)) && [[ $COMP_TYPE == 9 || $COMP_TYPE == 33 || $COMP_TYPE == 6[34] ]]; then several=1; fi
    for i in "${!values[@]}"; do
        value=${values[i]#"$before"}
        if ((several)) && [[ -n ${titles[i]} ]]; then
            printf -v value '%-*s  (%s)' $((widest - ${#before})) "$value" "${titles[i]}"
            if ((${COLUMNS:-0} > 20 && ${#value} > COLUMNS - 2)); then value=${value:0:COLUMNS-3}…; fi
        fi
        COMPREPLY+=("$value")
    done
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} != *[=/:] ]]; then
        # Before version 4 the blank is part of the value.
        compopt +o nospace 2>/dev/null || COMPREPLY[0]+=' '
    fi
}
if [[ ${BASH_VERSINFO[0]} -gt 4 || ${BASH_VERSINFO[0]} -eq 4 && ${BASH_VERSINFO[1]} -ge 4 ]]; then
    complete -o nospace -o bashdefault -o nosort -F _parky_ops_complete parky-ops
else
    complete -o nospace -o bashdefault -F _parky_ops_complete parky-ops
fi
