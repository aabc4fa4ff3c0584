#!/usr/bin/env bash
# Measures this program beside the tools that it replaces, in one run (needs hyperfine). Machines are
# noisy: read the ratios. A tool that is not installed is skipped, and named.
#
#   benches/compare.sh [ROW]...     rows, of those below, by a part of their heading
set -euo pipefail
cd "$(dirname "$0")/.."

command -v hyperfine >/dev/null || { echo "hyperfine is not installed" >&2; exit 1; }
cargo build --profile dist --locked
cargo build --release --locked --features sandbox --target-dir target/bench-sandbox
ours=$PWD/target/dist/parky-ops
sandboxed=$PWD/target/bench-sandbox/release/parky-ops

wanted=("$@")
directory=$(mktemp -d)
chmod 755 "$directory" # the database's own user has to pass through
started=()
clean_up() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$directory"
}
trap clean_up EXIT

have() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; return 1; }; }
# row HEADING: whether it is wanted.
row() {
    local part
    for part in "${wanted[@]}"; do
        if [[ $1 == *"$part"* ]]; then break; fi
        part=
    done
    if ((${#wanted[@]})) && [ -z "$part" ]; then return 1; fi
    printf '\n== %s\n' "$1"
}
# peak NAME COMMAND...: its wall time and the most memory that it had at once.
peak() { command time -f "peak: %M KiB, %e s, %U s of CPU: $1" "${@:2}" >/dev/null </dev/null || true; }
# beside COUNT OURS THEIRS...: hyperfine, where the first word of THEIRS is installed.
beside() {
    local runs=$1 mine=$2 tool=${3%% *}
    if have "${4:-$tool}"; then
        hyperfine -N --warmup 3 --runs "$runs" "$mine" "$3"
    else
        hyperfine -N --warmup 3 --runs "$runs" "$mine"
    fi
}
# up SCENARIO: stand-ins in that scenario, to which the variables then lead.
up() {
    local box=$directory/$1
    "$sandboxed" sandbox up "$box" --scenario "$1" >"$box.variables" 2>"$box.log" &
    started+=($!)
    # The last line that it prints once it is ready.
    until grep -q DISCORD_BOT_TOKEN "$box.variables"; do
        kill -0 "${started[-1]}" || { cat "$box.log" >&2; exit 1; }
        sleep 0.1
    done
    # shellcheck disable=SC1090
    source "$box.variables"
}
slowest() {
    python3 -c '
import json, sys
checks = json.load(sys.stdin)["data"]["checks"]
slowest = max(checks, key=lambda check: check["took_ms"])
print("slowest:", slowest["source"], slowest["name"], slowest["took_ms"], "ms")'
}

if row "--version: at most 1/10 of gh --version"; then
    beside 100 "$ours --version" "gh --version"
fi

if row "local commands: at most 10 ms"; then
    hyperfine -N --warmup 5 --runs 100 "$ours config path" "$ours completions bash" "$ours help exit-codes"
fi

up healthy

if row "triage: slowest source + 0.2 s, peak at most 40 MiB"; then
    hyperfine -i --warmup 1 --runs 10 "$ours triage --json"
    { "$ours" triage --json || true; } | slowest
    peak triage "$ours" triage --json
fi

if row "triage: first byte on a terminal within 30 ms"; then
    python3 benches/first_byte.py "$ours" triage
fi

if row "smoke: slowest check + 0.2 s"; then
    hyperfine -i --warmup 1 --runs 10 "$ours smoke --json"
    { "$ours" smoke --json || true; } | slowest
fi

if row "db ping: at most 1/2 of psql -c 'select 1', same server"; then
    beside 50 "$ours db ping --json" "psql $SUPABASE_DB_URL -c 'select 1'"
fi

wrangler=$(compgen -G "${XDG_CACHE_HOME:-$HOME/.cache}/parky-ops-tools/wrangler-*/node_modules/wrangler/bin/wrangler.js" | tail -1 || true)
if row "workers deployments, rollback worker --dry-run: at most 1/20 of wrangler's time, 1/8 of its memory"; then
    mine=("$ours workers deployments public --json" "$ours rollback worker public --dry-run --json" "$ours rollback plan --json")
    if [ -n "$wrangler" ]; then
        export WRANGLER_SEND_METRICS=false
        listed="node $wrangler deployments list --name parky-public-prod"
        hyperfine --warmup 1 --runs 10 "${mine[@]}" "$listed"
        # shellcheck disable=SC2086
        peak "wrangler deployments list" $listed
    else
        echo "skipped: wrangler is not installed (scripts/compat-wrangler installs it)"
        hyperfine --warmup 1 --runs 10 "${mine[@]}"
    fi
    peak "parky-ops workers deployments" "$ours" workers deployments public --json
    peak "parky-ops rollback --dry-run" "$ours" rollback worker public --dry-run --json
fi

if row "tail: at least 5x the events/s of wrangler tail --format json, 15x its pretty form"; then
    # Its own program, since it has to send the events: see there.
    if [ -n "$wrangler" ]; then
        printf '#!/bin/sh\nexec node %q "$@"\n' "$wrangler" >"$directory/wrangler"
        chmod +x "$directory/wrangler"
        PARKY_OPS_TEST_BINARY=$ours cargo bench -q --locked --features sandbox --target-dir target/bench-sandbox --bench tail -- 1000000 "$directory/wrangler"
    else
        PARKY_OPS_TEST_BINARY=$ours cargo bench -q --locked --features sandbox --target-dir target/bench-sandbox --bench tail
    fi
fi

if row "dlq list --json --limit all, 1,000,000 rows: first row within 0.3 s of psql's FETCH 1, peak at most 32 MiB"; then
    if have psql; then
        psql -q "$SUPABASE_DB_URL" <<'SQL'
CREATE SCHEMA bench;
CREATE TABLE bench.letters (LIKE admin.notification_failures);
INSERT INTO bench.letters
SELECT n, now() - make_interval(secs => n * 0.01), 'p1-ops', 'P1', 'alert ' || n,
       (ARRAY[503, NULL, 429])[n % 3 + 1], 3, 'connect error: Connection refused (os error 111)', false,
       'failed', jsonb_build_object('content', repeat('x', 200), 'n', n)
FROM generate_series(1, 1000000) n;
ALTER TABLE bench.letters ADD PRIMARY KEY (id);
CREATE INDEX ON bench.letters (attempted_at, id);
ANALYZE bench.letters;
SQL
        install -m 600 /dev/null "$directory/bench.toml"
        { cat "$PARKY_OPS_CONFIG"; printf '\n[dlq]\ntable = "bench.letters"\n'; } >"$directory/bench.toml"
        list="$ours --config $directory/bench.toml dlq list --json --limit all"
        cursor="DECLARE c CURSOR FOR SELECT * FROM bench.letters ORDER BY attempted_at DESC, id DESC"
        hyperfine --warmup 1 --runs 10 "$list | head -c 300" \
            "psql -q '$SUPABASE_DB_URL' -c BEGIN -c '$cursor' -c 'FETCH 1 FROM c'"
        # shellcheck disable=SC2086
        peak "all of it" $list
    fi
fi

up bad-deploy

if row "dlq replay, 40 rows over 4 channels at the full rate: within 60 s"; then
    # What the lanes allow is the limits of Discord, which the plan tells beforehand as seconds.
    peak "dlq replay" "$ours" dlq replay --since 24h --rate full --yes --confirm new-ledger --json
fi

up ci-broken
export TMPDIR=$directory GH_NO_UPDATE_NOTIFIER=1
# Ids of the scenario: eleven jobs; 200 MiB of log.
wide=17400000060 long=17400000062

if row "dynamic completion: at most 10 ms"; then
    completing() { # completing WORD...: as bash asks for the last one
        PARKY_OPS_COMPLETE=bash _CLAP_COMPLETE_INDEX=$# hyperfine -N --warmup 5 --runs 100 "$ours -- parky-ops $*"
    }
    "$ours" runs list >/dev/null # leaves its ids for the shell
    completing tri
    completing health api
    completing --env d
    completing tail s
    completing runs view 174
fi

if row "runs list --limit 10: at most 1/3 of gh's wall time, 2/3 of its memory"; then
    beside 30 "$ours runs list --limit 10" "gh run list --limit 10"
    peak "parky-ops runs list" "$ours" runs list --limit 10
    if have gh; then peak "gh run list" gh run list --limit 10; fi
fi

if row "runs view, 11 jobs, 100 ms latency: at most 4 round trips (gh: 17, 1.7 s)"; then
    api=$(sed -n 's/^github = "http:\/\/127.0.0.1:\([0-9]*\)\/*"$/\1/p' "$PARKY_OPS_CONFIG")
    mkdir -p "$directory/slow-gh"
    echo "http_unix_socket: $directory/slow-gh/s" >"$directory/slow-gh/config.yml"
    python3 benches/slow_proxy.py "$api" 100 "$directory/slow-gh/s" >"$directory/slow-port" &
    started+=($!)
    until [ -s "$directory/slow-port" ]; do sleep 0.1; done
    beside 5 "env PARKY_OPS_GITHUB_URL=http://127.0.0.1:$(cat "$directory/slow-port") $ours runs view $wide" \
        "env GH_CONFIG_DIR=$directory/slow-gh gh run view $wide" gh
fi

if row "runs logs --failed --full, 200 MB: at most 1/2 of gh's time, peak at most 32 MiB"; then
    mine=("$ours" runs logs "$long" --failed --full)
    theirs=(gh run view "$long" --log-failed)
    if have gh; then
        # gh keeps the archive it fetched; without it each run fetches it again, as ours does.
        hyperfine --warmup 1 --runs 5 --prepare "rm -rf $directory/gh-cli-cache" \
            "${mine[*]} >/dev/null" "${theirs[*]} >/dev/null"
        peak gh "${theirs[@]}"
    else
        hyperfine --warmup 1 --runs 5 "${mine[*]} >/dev/null"
    fi
    peak parky-ops "${mine[@]}"
fi

if row "dlq replay: at least 98 % of the lane formula, no 429; 10,000 rows over 50 channels under 10 s of own CPU (13 min)"; then
    PARKY_OPS_TEST_BINARY=$ours cargo bench -q --locked --features sandbox --target-dir target/bench-sandbox --bench replay
fi
