#!/usr/bin/env bash
# What no compiler checks about our sources. One line per finding, file:line: rule: text; exit 1 on any.
#   tests/tidy/tidy_test.sh [ROOT]
# Before it looks at ROOT it plants each fault in a small tree and demands to find it there.
set -euo pipefail
export LC_ALL=C.UTF-8

code='\.(cpp|hpp|h)$'
product_headers='^(core|sandbox|merchant|bench)/.*\.(hpp|h)$'
text='\.(cpp|hpp|h|cmake|sh|mjs|sql|md|json|yml)$|(^|/)(CMakeLists\.txt|\.ci/run|\.clang-(format|tidy)|\.gitignore)$'
# Other people's words, kept byte for byte.
data='(^|/)package-lock\.json$|^tests/(vectors|samples|fuzz/.*corpus.*)/'
nowhere='^$'
below_the_apis='^sandbox/(bills|certificates|exchanges|faults|ledger|metrics|notify|platform|products|store|timers)/'
before_comment='^([^/]|/[^/])*'

# A rule: name, which files, which of them not, what no line may hold. [] splits the words that would find themselves.
each_rule() {
    "$@" core-includes-outward '^core/' "$nowhere" '^ *#include *"(sandbox|merchant|tests|bench)/'
    "$@" sandbox-includes-outward '^sandbox/' "$nowhere" '^ *#include *"(merchant|tests|bench)/'
    "$@" ledger-includes-upward "$below_the_apis" "$nowhere" '^ *#include *"sandbox/(api_v2|api_v3|control|cli)/'
    "$@" merchant-includes-outward '^merchant/' "$nowhere" '^ *#include *"(sandbox|tests|bench)/'
    "$@" heavy-header-in-header "$product_headers" "$nowhere" \
        '^ *#include *<(httplib\.h|nlohmann/json\.hpp|pugixml\.hpp|asio\.hpp|asio/)'
    "$@" network-library-outside-edge "$code" '^core/http/' '^ *#include *<(httplib\.h|asio\.hpp|asio/)'
    "$@" clock-or-dice-outside-base "$code" '^core/base/' \
        "$before_comment"'((system|steady|high_resolution)_clock::now|random_device|std::rand\b)'
    "$@" sleep "$code" '^core/base/' "$before_comment"'(sleep_(for|until)|\b(u|nano)?sleep\()'
    "$@" regex "$code" "$nowhere" "$before_comment"'(std::(basic_)?regex|#include *<regex>)'
    "$@" reserved-name "$code" "$nowhere" '^ *(#define|namespace|using|struct|class|enum|enum class|concept) +(_[A-Z]|\w*__)'
    "$@" unfinished "$text" "$nowhere" '\b(TO[D]O|FIX[M]E|X[X]X)\b'
    "$@" test-switched-off "$code" '^tests/support/system_lacks\.hpp$' 'GTEST_SKI[P]|\bDISABLE[D]_'
    "$@" tab "$text" "$nowhere" $'\t'
    "$@" trailing-space "$text" "$nowhere" ' +$'
}

list_files() { # what git would commit, or, without git, all but what is built or installed
    if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
        git -c core.quotePath=false ls-files -co --exclude-standard
    else
        find . \( -path ./build -o -path ./.git -o -name node_modules \) -prune -o -type f -print | sed 's|^\./||'
    fi | grep -Ev "$data" | while IFS= read -r file; do
        [ ! -f "$file" ] || [ -L "$file" ] || printf '%s\n' "$file"
    done | sort
}

apply() { # one rule to the files listed in $all
    local name=$1 which=$2 except=$3 pattern=$4 files
    mapfile -t files < <(grep -E -- "$which" <<<"$all" | grep -Ev -- "$except")
    [ ${#files[@]} -gt 0 ] || return 0
    grep -nHE -e "$pattern" -- "${files[@]}" | sed -E "s/^([^:]*:[0-9]*):/\1: $name: /" || true
}

unended_files() {
    local file
    while IFS= read -r file; do
        [ -z "$(tail -c 1 -- "$file")" ] || echo "$file:$(($(wc -l <"$file") + 1)): no-final-newline:"
    done < <(grep -E -- "$text" <<<"$all" || true)
}

findings() { # of the tree at $1
    (cd "$1" && all=$(list_files) && each_rule apply && unended_files)
}

self_check() {
    local tree expected found
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' RETURN
    mkdir -p "$tree"/{core/http,core/base,sandbox,merchant,tests/vectors,build,node_modules}
    plant() { mkdir -p "$(dirname "$tree/$1")" && printf '%b' "$2" >"$tree/$1"; }
    plant core/outward.cpp '#include "core/base/error.hpp"\n#include "sandbox/app.hpp"\n'
    plant sandbox/outward.cpp '#include "merchant/shop.hpp"\n'
    plant sandbox/ledger/upward.cpp '#include "sandbox/api_v2/rules.hpp"\n#include "sandbox/store/store.hpp"\n'
    plant sandbox/control/sideways.cpp '#include "sandbox/api_v2/rules.hpp"\n'
    plant merchant/outward.cpp '#include "sandbox/app.hpp"\n'
    plant core/heavy.hpp '#include <nlohmann/json.hpp>\n#include <nlohmann/json_fwd.hpp>\n'
    plant sandbox/network.cpp '#include <httplib.h>\n'
    plant core/http/network.cpp '#include <httplib.h>\n#include <asio.hpp>\n'
    plant merchant/clock.cpp 'auto a = std::chrono::steady_clock::now();\nstd::random_device dice;\n'
    plant core/base/clock.cpp 'auto a = std::chrono::system_clock::now();\n'
    plant tests/waits.cpp 'std::this_thread::sleep_for(1s);\nusleep(5);\n'
    plant sandbox/match.cpp 'std::regex all(".*");\nint a;  // not std::regex, nor sleep_for\n'
    plant sandbox/later.cpp '// TO''DO: later\nint autodo = 0;  // mktemp XX''XXXX\n'
    plant sandbox/reserved.cpp '#define _GUARD\nstruct own__name {};\nint a = __LINE__;\n'
    plant tests/off.cpp 'GTEST_SK''IP();\nTEST(A, DISA''BLED_B) {}\n'
    plant sandbox/spaces.cpp 'int a;\t\nint b; \n'
    plant sandbox/unended.cpp 'int a;\nint b;'
    plant tests/vectors/foreign.json '{"a":\t1} '
    plant build/made.cpp 'std::regex a;\n'
    plant core/fine.cpp '#include "core/fine.hpp"\n\nint regexes = 0;  // a clock is asked by clock.now()\n'
    expected='core/heavy.hpp:1: heavy-header-in-header
core/outward.cpp:2: core-includes-outward
merchant/clock.cpp:1: clock-or-dice-outside-base
merchant/clock.cpp:2: clock-or-dice-outside-base
merchant/outward.cpp:1: merchant-includes-outward
sandbox/later.cpp:1: unfinished
sandbox/ledger/upward.cpp:1: ledger-includes-upward
sandbox/match.cpp:1: regex
sandbox/network.cpp:1: network-library-outside-edge
sandbox/outward.cpp:1: sandbox-includes-outward
sandbox/reserved.cpp:1: reserved-name
sandbox/reserved.cpp:2: reserved-name
sandbox/spaces.cpp:1: tab
sandbox/spaces.cpp:2: trailing-space
sandbox/unended.cpp:2: no-final-newline
tests/off.cpp:1: test-switched-off
tests/off.cpp:2: test-switched-off
tests/waits.cpp:1: sleep
tests/waits.cpp:2: sleep'
    found=$(findings "$tree" | cut -d: -f1-3 | sort)
    if [ "$found" != "$expected" ]; then
        echo "tidy: the rules do not find what was planted ('<' planted, '>' found):" >&2
        diff <(echo "$expected") <(echo "$found") >&2
        return 1
    fi
}

self_check
found=$(findings "${1:-$(dirname "$0")/../..}")
[ -z "$found" ] || { echo "$found"; exit 1; }
