#!/bin/sh
# One night on this box, from measuring to the site; for cron, systemd and launchd. All that it keeps lies in $STATE.
# Exit code: that of the gate (1 worse, 2 undecided, 3 broken), 70 if it gave no answer; 1 instead of 0 and of 2 where
# measuring, merging or publishing failed: the gate may then have judged an earlier night.
#   STATE   where results, reports, site, environments and weights are kept       WORDS  for run: model=qwen3_8b limit=500
#   PYTHON  the harness's Python, without it $STATE/venv/bin/python               INBOX  results folders of other boxes
set -u
cd "$(dirname "$0")/../.." || exit 70
state=${STATE:-$HOME/quantharness}
python=${PYTHON:-$state/venv/bin/python}
results=$state/results
mkdir -p "$results" "$state/reports"
export HARNESS_ENVS="${HARNESS_ENVS:-$state/envs}" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$state/cache}"

# shellcheck disable=SC2086 # several words each
"$python" -m harness run hw="${HW:-auto}" matrix=nightly results="$results" reports="$state/reports" ${WORDS:-}
measured=$?
if [ -n "${INBOX:-}" ]; then
    # shellcheck disable=SC2086
    "$python" -m harness merge ${INBOX} --to "$results" || measured=$?
fi
gated=0
if ls "$results"/*/references/*.json > /dev/null 2>&1; then
    rm -f "$state/gate.json"
    "$python" -m harness gate --against last-accepted results="$results" --json "$state/gate.json"
    gated=$?
    [ -s "$state/gate.json" ] || gated=70
else
    echo "no night is accepted yet: python -m harness accept last results=$results --reason '...'"
fi
"$python" -m harness publish results="$results" reports="$state/reports" --to "$state/site" || measured=$?
case $gated in 0 | 2) [ "$measured" -eq 0 ] || exit 1 ;; esac
exit "$gated"
