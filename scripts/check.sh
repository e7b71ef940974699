#!/usr/bin/env bash
# Looks at the sources without running them: format, tests/tidy, clang-tidy. Exit 1 on any finding.
#   scripts/check.sh          all of it
#   scripts/check.sh --fix    formats the C++ files first
# clang-tidy's clean files are remembered in build/tidy: a second run looks only at what a change can reach.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

fix=false
case ${1:-} in
    --fix) fix=true ;;
    '') ;;
    *) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
scripts/install-deps.sh build test lint

cpp_files() {
    if git rev-parse --git-dir >/dev/null 2>&1; then
        git ls-files -co --exclude-standard -- '*.cpp' '*.hpp'
    else
        find bench core merchant sandbox tests -name node_modules -prune -o \( -name '*.cpp' -o -name '*.hpp' \) -print
    fi | sort | while IFS= read -r file; do [ ! -f "$file" ] || echo "$file"; done
}
mapfile -t files < <(cpp_files)
findings=0

echo "check: format of ${#files[@]} files"
if $fix; then clang-format -i "${files[@]}"; fi
if ! said=$(clang-format --dry-run -Werror "${files[@]}" 2>&1); then
    sed -nE 's/^([^:]+):[0-9]+:[0-9]+: error: .*/\1: not formatted/p' <<<"$said" | uniq -c
    echo "check: 'scripts/check.sh --fix' formats them"
    findings=1
fi

echo "check: rules of tests/tidy"
tests/tidy/tidy_test.sh . || findings=1

# The build gives the compile commands, the generated headers, and what each object is made from.
tree=$PWD/build/ci
echo "check: build"
[ -f "$tree/build.ninja" ] || cmake --preset ci >/dev/null
cmake --build --preset ci >"$tree/check.log" 2>&1 || { tail -n 50 "$tree/check.log" >&2; exit 1; }

cache=build/tidy
mkdir -p $cache
digests=$(mktemp)
trap 'rm -f "$digests"' EXIT
{ printf "$PWD/%s\0" "${files[@]}"; find "$tree" -name '*.hpp' -print0; } | xargs -0 sha256sum >"$digests"
rules=$({ clang-tidy --version; cat .clang-tidy tests/.clang-tidy scripts/check.sh; } | sha256sum)

stale=() sources=0
while IFS=$'\t' read -r facts source; do
    key=$(sha256sum <<<"$rules $facts")
    sources=$((sources + 1))
    [ -e "$cache/${key%% *}" ] || stale+=("${key%% *}" "$source")
done < <(ninja -C "$tree" -t deps | awk -v tree="$tree" -f scripts/tidy_keys.awk "$tree/compile_commands.json" "$digests" -)
[ "$sources" -gt 0 ] || { echo "check: no source in $tree/compile_commands.json; is the build complete?" >&2; exit 1; }

echo "check: clang-tidy of $((${#stale[@]} / 2)) changed of $sources files"
# shellcheck disable=SC2317  # xargs calls it
tidy() { # cache tree key source. The compile commands are GCC's: what clang alone would warn of is not asked.
    # The analyzer's own limit of 225000 states for each function is half of all time, for the same findings.
    local said limit=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=20000)
    if said=$(clang-tidy --quiet -p "$2" --extra-arg=-Wno-everything "${limit[@]}" "$4" 2>/dev/null); then
        : >"$1/$3"
    else
        echo "$said"
        return 1
    fi
}
export -f tidy
if [ ${#stale[@]} -gt 0 ]; then
    # shellcheck disable=SC2016  # the inner shell's own arguments
    printf '%s\0' "${stale[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -c 'tidy "$@"' tidy "$cache" "$tree" || findings=1
fi
find $cache -type f -mtime +30 -delete

[ $findings -eq 0 ] && echo "check: clean"
exit $findings
