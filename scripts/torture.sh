#!/usr/bin/env bash
# Kills the sandbox under load N times and looks whether anything that it acknowledged is lost or doubled.
#   scripts/torture.sh [N [SEED]]      2000 kills by default; the seed chooses the moments
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh build test
[ -f build/ci/build.ninja ] || cmake --preset ci >/dev/null
cmake --build --preset ci --target e2e_tests
WXPAY_KILLS=${1:-2000} WXPAY_SEED=${2:-1} build/ci/tests/e2e_tests --gtest_filter='Torture.*'
