#!/usr/bin/env bash
# Every benchmark against its peers, in one run. The peers live in .bench, apart from everything else.
# A missed claim makes the run fail at its end, after every benchmark has been shown.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ ! -e .bench/py/.ready ] || [ benches/requirements.txt -nt .bench/py/.ready ]; then
    "${PYTHON:-python3}" -m venv .bench/py
    .bench/py/bin/pip install --quiet --disable-pip-version-check -r benches/requirements.txt
    # Its floor under certifi is newer than some mirrors; everything else it needs stands in requirements.txt.
    .bench/py/bin/pip install --quiet --disable-pip-version-check --no-deps litellm==1.109.1
    touch .bench/py/.ready
fi
if [ ! -e .bench/node/.ready ]; then
    mkdir -p .bench/node
    npm install --prefix .bench/node --no-audit --no-fund --loglevel=error @pydantic/genai-prices@0.1.8
    touch .bench/node/.ready
fi

export PYTHONPATH="$PWD/bindings/python/python" LITELLM_LOCAL_MODEL_COST_MAP=True FINOPS_BENCH_OUT="$PWD/.bench/results.jsonl"
peer=$(node -p 'require.resolve("@pydantic/genai-prices", {paths: [".bench/node"]})')
export FINOPS_BENCH_PEER="file://$peer"
: >"$FINOPS_BENCH_OUT"

missed=0
for script in benches/metering/log_inference.py benches/metering/extract_price.py benches/metering/footprint.py benches/carbon/inference.py benches/policy/gate.py benches/ledger/ledger.py benches/allocation/read.py benches/waste/detect.py; do
    .bench/py/bin/python "$script" || missed=1
done
node benches/metering/node.mjs || missed=1
node benches/carbon/node.mjs || missed=1
node benches/policy/node.mjs || missed=1
[ "$missed" = 0 ] || echo "at least one claim was missed: look for MISSED above" >&2
exit "$missed"
