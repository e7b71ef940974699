#!/usr/bin/env bash
# A bounded, repeatable run of one fuzzer on a copy of its seeds; what it finds stays beside the fuzzer.
#   run.sh FUZZER SEEDS
set -euo pipefail
fuzzer=$1
seeds=$2

work=$fuzzer.work
rm -rf "$work"
mkdir -p "$work"
cp -r "$seeds" "$work/corpus"

# The sanitizers of clang 14 cannot place their shadow memory where newer kernels put programs.
fixed=(setarch "$(uname -m)" -R)
"${fixed[@]}" true 2>/dev/null || fixed=()
"${fixed[@]}" "$fuzzer" -runs=20000 -seed=1 -max_len=4096 -timeout=10 \
    -artifact_prefix="$work/" "$work/corpus"
