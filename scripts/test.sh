#!/usr/bin/env bash
# Builds one preset and runs its tests, installing what is missing.
#   scripts/test.sh [PRESET] [ctest options]      PRESET: ci (default), dev, asan or tsan
set -euo pipefail
cd "$(dirname "$0")/.."

preset=ci
if [ $# -gt 0 ] && [[ $1 != -* ]]; then
    preset=$1
    shift
fi

# The sanitizers of GCC 12 and clang 14 cannot place their shadow memory where newer kernels put programs.
if [[ $preset == *san && -z ${WXPAY_FIXED_ADDRESSES:-} ]]; then
    export WXPAY_FIXED_ADDRESSES=1
    if setarch "$(uname -m)" -R true 2>/dev/null; then
        exec setarch "$(uname -m)" -R "$0" "$preset" "$@"
    fi
fi

scripts/install-deps.sh build test stock

# One npm ci per lock file, not per run.
interop=tests/interop
stamp=$interop/node_modules/.installed
lock=$(cat $interop/package.json $interop/package-lock.json | sha256sum)
if [ "$(cat $stamp 2>/dev/null)" != "$lock" ]; then
    echo "test: npm ci in $interop"
    npm ci --prefix $interop --no-audit --no-fund --loglevel=error </dev/null
    echo "$lock" >$stamp
fi

tree=build/$preset
log=$tree/build.log
mkdir -p "$tree"
echo "test: build of $tree"
if [ ! -f "$tree/build.ninja" ] || [ CMakePresets.json -nt "$tree/CMakeCache.txt" ]; then
    cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
    touch "$tree/CMakeCache.txt"
fi
if [ -t 1 ]; then
    cmake --build --preset "$preset"
else
    cmake --build --preset "$preset" >"$log" 2>&1 || { tail -n 100 "$log" >&2; exit 1; }
fi
ctest --preset "$preset" -j2 --output-on-failure "$@"
