#!/usr/bin/env bash
# Measures this program beside the tools that it replaces, in one run (needs hyperfine). Machines are
# noisy: read the ratios. A tool that is not installed is skipped, and named.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v hyperfine >/dev/null || { echo "hyperfine is not installed" >&2; exit 1; }
cargo build --profile dist --locked
cargo build --release --locked --features sandbox --target-dir target/bench-sandbox
ours=$PWD/target/dist/parky-ops
sandboxed=$PWD/target/bench-sandbox/release/parky-ops

have() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed"; return 1; }; }
row() { printf '\n== %s\n' "$1"; }

row "--version: at most 1/10 of gh --version"
if have gh; then
    hyperfine -N --warmup 5 --runs 100 "$ours --version" "gh --version"
else
    hyperfine -N --warmup 5 --runs 100 "$ours --version"
fi

row "local commands: at most 10 ms"
hyperfine -N --warmup 5 --runs 100 "$ours config path" "$ours completions bash" "$ours help exit-codes"

row "dynamic completion: at most 10 ms"
completing() { # completing WORD...: as bash asks for the last one
    PARKY_OPS_COMPLETE=bash _CLAP_COMPLETE_INDEX=$# hyperfine -N --warmup 5 --runs 100 "$ours -- parky-ops $*"
}
completing tri
completing health api
completing --env d

directory=$(mktemp -d)
"$sandboxed" sandbox up "$directory/box" --scenario healthy >"$directory/variables" 2>"$directory/log" &
box=$!
trap 'kill "$box" 2>/dev/null; wait "$box" 2>/dev/null; rm -rf "$directory"' EXIT
until grep -q PARKY_OPS_CONFIG "$directory/variables"; do
    kill -0 "$box" || { cat "$directory/log" >&2; exit 1; }
    sleep 0.1
done
# shellcheck disable=SC1091
source "$directory/variables"

row "triage: slowest source + 0.2 s, peak at most 40 MiB"
hyperfine --warmup 1 --runs 10 "$ours triage --json"
"$ours" triage --json | python3 -c '
import json, sys
checks = json.load(sys.stdin)["data"]["checks"]
slowest = max(checks, key=lambda check: check["took_ms"])
print("slowest source:", slowest["source"], slowest["name"], slowest["took_ms"], "ms")'
command time -f 'peak: %M KiB' "$ours" triage --json >/dev/null || true

row "db ping: at most 1/2 of psql -c 'select 1', same server"
if have psql; then
    hyperfine -N --warmup 5 --runs 50 "$ours db ping --json" "psql $SUPABASE_DB_URL -c 'select 1'"
else
    hyperfine -N --warmup 5 --runs 50 "$ours db ping --json"
fi

row "triage: first byte on a terminal within 30 ms"
python3 benches/first_byte.py "$ours" triage

row "workers deployments, rollback worker --dry-run: at most 1/20 of wrangler's time, 1/8 of its memory"
wrangler=$(compgen -G "${XDG_CACHE_HOME:-$HOME/.cache}/parky-ops-tools/wrangler-*/node_modules/wrangler/bin/wrangler.js" | tail -1 || true)
peak() { command time -f "peak: %M KiB  $1" "${@:2}" >/dev/null </dev/null || true; }
if [ -n "$wrangler" ]; then
    export WRANGLER_SEND_METRICS=false
    listed="node $wrangler deployments list --name parky-public-prod"
    hyperfine --warmup 1 --runs 10 "$ours workers deployments public --json" \
        "$ours rollback worker public --dry-run --json" "$ours rollback plan --json" "$listed"
    peak "parky-ops workers deployments" "$ours" workers deployments public --json
    peak "parky-ops rollback --dry-run" "$ours" rollback worker public --dry-run --json
    # shellcheck disable=SC2086
    peak "wrangler deployments list" $listed
else
    echo "skipped: wrangler is not installed (scripts/compat-wrangler installs it)"
    hyperfine --warmup 1 --runs 10 "$ours workers deployments public --json" \
        "$ours rollback worker public --dry-run --json" "$ours rollback plan --json"
fi
row "smoke: slowest check + 0.2 s"
hyperfine --warmup 1 --runs 10 "$ours smoke --json"
"$ours" smoke --json | python3 -c '
import json, sys
checks = json.load(sys.stdin)["data"]["checks"]
slowest = max(checks, key=lambda check: check["took_ms"])
print("slowest check:", slowest["source"], slowest["name"], slowest["took_ms"], "ms")'
row "dlq list --json --limit all, 1,000,000 rows: first row within 0.3 s of psql's FETCH 1, peak at most 32 MiB"
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
    command time -f 'all of it: %e s, peak: %M KiB' $list >/dev/null
"$sandboxed" sandbox up "$directory/ci" --scenario ci-broken >"$directory/ci-variables" 2>"$directory/log" &
ci=$!
trap 'kill "$box" "$ci" ${slow:-} 2>/dev/null; wait 2>/dev/null; rm -rf "$directory"' EXIT
until grep -q PARKY_OPS_CONFIG "$directory/ci-variables"; do
    kill -0 "$ci" || { cat "$directory/log" >&2; exit 1; }
    sleep 0.1
done
# shellcheck disable=SC1091
source "$directory/ci-variables"
export TMPDIR=$directory GH_NO_UPDATE_NOTIFIER=1
# Ids of the scenario: eleven jobs; 200 MiB of log.
wide=17400000060 long=17400000062
peak() { command time -f "peak: %M KiB, %e s: $1" bash -c "exec $1" >/dev/null || true; }

if have gh; then
    row "runs list --limit 10: at most 1/3 of gh's wall time, 2/3 of its memory"
    hyperfine -N --warmup 3 --runs 30 "$ours runs list --limit 10" "gh run list --limit 10"
    peak "$ours runs list --limit 10"
    peak "gh run list --limit 10"

    row "runs view, 11 jobs, 100 ms latency: at most 4 round trips (gh: 17, 1.7 s)"
    api=$(sed -n 's/^github = "http:\/\/127.0.0.1:\([0-9]*\)\/*"$/\1/p' "$PARKY_OPS_CONFIG")
    mkdir -p "$directory/slow-gh"
    echo "http_unix_socket: $directory/slow-gh/s" >"$directory/slow-gh/config.yml"
    python3 benches/slow_proxy.py "$api" 100 "$directory/slow-gh/s" >"$directory/slow-port" &
    slow=$!
    until [ -s "$directory/slow-port" ]; do sleep 0.1; done
    hyperfine -N --warmup 1 --runs 5 \
        "env PARKY_OPS_GITHUB_URL=http://127.0.0.1:$(cat "$directory/slow-port") $ours runs view $wide" \
        "env GH_CONFIG_DIR=$directory/slow-gh gh run view $wide"

    row "runs logs --failed --full, 200 MB: at most 1/2 of gh's time, peak at most 32 MiB"
    # gh keeps the archive it fetched; without it each run fetches it again, as ours does.
    hyperfine --warmup 1 --runs 3 --prepare "rm -rf $directory/gh-cli-cache" \
        "$ours runs logs $long --failed --full >/dev/null" "gh run view $long --log-failed >/dev/null"
    peak "$ours runs logs $long --failed --full"
    peak "gh run view $long --log-failed"
fi
