//! bash: the words of the line put together again, and titles beside the values.
//!
//! The registration that comes with clap_complete loses `--option=value`, since readline cuts words at
//! `=` and `:`, and shows no titles, for which bash has no place of its own. They are shown where
//! bash only lists; a list is of several values, so bash never inserts more than what they share.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

use clap_complete::engine;
use clap_complete::env::EnvCompleter;

/// See the module.
#[derive(Debug)]
pub(crate) struct Bash;

const SCRIPT: &str = r#"_PROGRAM_complete() {
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
    done < <(_CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) VARIABLE=bash COMPLETER -- "${words[@]}" 2>/dev/null)
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
    complete -o nospace -o bashdefault -o nosort -F _PROGRAM_complete PROGRAM_NAME
else
    complete -o nospace -o bashdefault -F _PROGRAM_complete PROGRAM_NAME
fi
"#;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let script = SCRIPT
            .replace("_PROGRAM_", &format!("_{}_", name.replace('-', "_")))
            .replace("PROGRAM_NAME", bin)
            .replace("COMPLETER", &shell_words::quote(completer))
            .replace("VARIABLE", var);
        buf.write_all(script.as_bytes())
    }

    /// A line for each value: the value, a tab, its title.
    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let index = parky_ops::config::Vars::of_the_process();
        let index = index.get("_CLAP_COMPLETE_INDEX").and_then(|n| n.parse().ok()).unwrap_or(0);
        for candidate in engine::complete(cmd, args, index, current_dir)? {
            let value = candidate.get_value().to_string_lossy();
            let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
            let help = parky_ops::domain::text::one_line(help.lines().next().unwrap_or_default());
            if !value.contains(['\n', '\t']) {
                writeln!(buf, "{value}\t{help}")?;
            }
        }
        Ok(())
    }
}
