#!/usr/bin/env bash
# Measures: signing and XML beside the bare OpenSSL operations, and the server beside its own constant reply and
# nginx's. Ratios of one run count; absolute figures depend on the machine and on who else uses it.
#   scripts/bench.sh [ROUNDS]      rounds of the HTTP part, default 3 (medians are printed)
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
rounds=${1:-3}
seconds=2

scripts/install-deps.sh build test bench demo
[ -f build/ci/build.ninja ] || cmake --preset ci >/dev/null
echo "bench: build of build/ci"
cmake --build build/ci --target wxpay-bench wxpay-bench-orders wxpay-sandbox >/dev/null

work=$(mktemp -d)
children=()
cleanup() {
    for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

echo "bench: signing, XML, handlers (medians of 7 interleaved repetitions)"
build/ci/bench/wxpay-bench "--benchmark_filter=-^(scale|wire)/" --benchmark_repetitions=7 --benchmark_enable_random_interleaving=true \
    --benchmark_report_aggregates_only=true --benchmark_format=json 2>/dev/null >"$work/bench.json"
jq -r '.benchmarks[] | select(.aggregate_name == "median") | "\(.run_name) \(.cpu_time)"' "$work/bench.json" |
    awk '{ ns[$1] = $2; printf "  %-34s %10.0f ns\n", $1, $2 }
         function ratio(what, a, b, most) { if (ns[a] && ns[b]) printf "  %-46s %5.2f  (wanted: at most %s)\n", what, ns[a] / ns[b], most }
         END { ns["bare_rsa"] = ns["bare_rsa_sign"] + ns["bare_rsa_verify/order"]
               print ""
               ratio("MD5 sign / bare digest", "sign/md5", "bare_md5/order", "1.6")
               ratio("HMAC-SHA256 sign / bare MAC", "sign/hmac_sha256", "bare_hmac/order", "2")
               ratio("verify with XML, MD5 / bare digest", "verify_xml/md5", "bare_md5/notification", "3")
               ratio("V3: RSA sign / bare RSA sign", "rsa_sign", "bare_rsa_sign", "1.05")
               ratio("V3: whole Authorization / bare RSA sign", "sign_request", "bare_rsa_sign", "1.05")
               ratio("V3: RSA verify / bare RSA verify", "rsa_verify", "bare_rsa_verify/order", "1.1")
               ratio("V3: whole request check / bare RSA verify", "verify_request", "bare_rsa_verify/order", "1.2")
               ratio("V3: whole order handler / bare sign + verify", "v3_prepay", "bare_rsa", "1.2")
               ratio("V3: AES-256-GCM encrypt / bare", "gcm_encrypt", "bare_gcm_encrypt", "1.5")
               ratio("V3: AES-256-GCM decrypt / bare", "gcm_decrypt", "bare_gcm_decrypt", "1.5")
               ratio("V3: whole callback read / bare RSA verify", "read_callback", "bare_rsa_verify/callback", "2.2") }'

echo
echo "bench: HTTP (requests per second, one wrk thread, medians of $rounds rounds)"
orders=400000
build/ci/bench/wxpay-bench-orders --count $orders >"$work/orders.txt"

start_sandbox() { # log file: starts one and sets url and pid
    rm -f "$work/ready"
    XDG_CACHE_HOME="$work/cache" build/ci/sandbox/wxpay-sandbox --port 0 --quiet --ready-file "$work/ready" &
    pid=$!
    children+=("$pid")
    until [ -s "$work/ready" ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.001; done
    read -r url <"$work/ready"  # without jq: its start would count as the sandbox's
    url=${url#*\"http\":\"} url=${url%%\"*}
}

began=$(date +%s%N)
start_sandbox
curl -s -o "$work/health" "$url/_sandbox/health"
first_answer=$((($(date +%s%N) - began) / 1000000))
idle_kib=$(awk '/VmRSS/ { print $2 }' "/proc/$pid/status")

nginx_port=$((20000 + RANDOM % 20000))
reply=$(head -c 456 /dev/zero | tr '\0' 'x')
cat >"$work/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log /dev/null;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    server { listen 127.0.0.1:$nginx_port backlog=4096; location / { return 200 '$reply'; } }
}
CONF
nginx -p "$work" -c "$work/nginx.conf" 2>/dev/null &
children+=($!)
until curl -s -o /dev/null "http://127.0.0.1:$nginx_port/"; do kill -0 "${children[-1]}" || { echo "bench: nginx does not start" >&2; exit 1; }; done

nginx=$(awk '{ print $1 }' "/proc/${children[-1]}/task/${children[-1]}/children")  # its one worker

hz=$(getconf CLK_TCK)
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; } # pid: CPU time so far
load() { # connections method target base pid: requests per second, and CPU time of that process for each in µs
    local before
    before=$(ticks "$5")
    BODIES=$work/orders.txt METHOD=$2 TARGET=$3 wrk -t1 -c"$1" -d${seconds}s -s bench/unifiedorder.lua "$4" >"$work/wrk"
    awk -v us="$((($(ticks "$5") - before) * 1000000 / hz))" '/requests in/ { n = $1 }
        /Requests\/sec/ { printf "%.0f %.1f\n", $2, us / n }' "$work/wrk"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
row() { # name file
    printf '  %-28s %8.0f requests per second %8.1f µs of CPU each\n' "$1" \
        "$(cut -d' ' -f1 "$2" | median)" "$(cut -d' ' -f2 "$2" | median)"
}
stop_sandbox() {
    kill "$pid"
    wait "$pid" 2>/dev/null || true
}

for connections in 32 128; do
    : >"$work/order" && : >"$work/own" && : >"$work/nginx"
    for ((round = 0; round < rounds; round++)); do
        # Each round has a sandbox of its own: every order is new, and all start with an empty ledger.
        stop_sandbox
        start_sandbox
        load $connections GET /_sandbox/health "$url" "$pid" >>"$work/own"
        load $connections POST /pay/unifiedorder "$url" "$pid" >>"$work/order"
        load $connections POST / "http://127.0.0.1:$nginx_port" "$nginx" >>"$work/nginx"
    done
    echo "  $connections connections"
    row "unifiedorder" "$work/order"
    row "own constant reply" "$work/own"
    row "nginx constant reply" "$work/nginx"
    paste -d' ' "$work/order" "$work/own" "$work/nginx" | awk '{ print $1 / $3, $1 / $5, $4 / $2 }' >"$work/ratios"
    printf '  %-46s %5.2f  (wanted: at least 0.6)\n' "  unifiedorder / own constant" "$(cut -d' ' -f1 "$work/ratios" | median)"
    printf '  %-46s %5.2f\n' "  the same by CPU time" "$(cut -d' ' -f3 "$work/ratios" | median)"
    printf '  %-46s %5.2f\n' "  unifiedorder / nginx constant" "$(cut -d' ' -f2 "$work/ratios" | median)"
done

echo
echo "bench: one client's unifiedorder, one after the other (medians of 5 interleaved repetitions)"
XDG_CACHE_HOME="$work/cache" build/ci/bench/wxpay-bench --benchmark_filter=^wire/ --benchmark_repetitions=5 \
    --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true --benchmark_format=json 2>/dev/null |
    jq -r '.benchmarks[] | select(.aggregate_name == "median") | [.run_name, .real_time, .cpu_time] | @tsv' |
    awk -F'\t' '{ sub(/\/process_time.*/, "", $1); us[$1] = $2 / 1000
                  printf "  %-34s %10.1f µs %10.1f µs of CPU, client included\n", $1, us[$1], $3 / 1000 }
                function ratio(kind) { printf "  %-46s %5.2f\n", "  TLS through the proxy / TLS, " kind,
                                       us["wire/proxy_tls/" kind] / us["wire/tls/" kind] }
                END { ratio("kept"); ratio("new") }'

echo
echo "bench: many connections"
stop_sandbox
start_sandbox
BODIES=$work/orders.txt wrk -t1 -c512 -d4s --latency -s bench/unifiedorder.lua "$url" >"$work/many" &
wrk_pid=$!
children+=("$wrk_pid")
slowest=0
while [ "$(ticks "$pid")" -lt "$hz" ] && kill -0 "$wrk_pid"; do sleep 0.05; done  # wrk reads its orders first
for _ in $(seq 20); do
    took=$(curl -s -o /dev/null -m 5 -w '%{time_total}' "$url/_sandbox/health" || echo 5)
    slowest=$(awk -v a="$slowest" -v b="$took" 'BEGIN { print (a > b ? a : b) }')
done
wait "$wrk_pid"
awk '/Requests\/sec/ { printf "  512 busy connections: %.0f requests per second", $2 }' "$work/many"
awk '/99%/ { printf ", p99 %s", $2 } /Socket errors/ { printf ", %s", $0 } END { print "" }' "$work/many"
awk -v s="$slowest" 'BEGIN { printf "  a newcomer beside them, slowest of 20: %.0f ms\n", s * 1000 }'

authority=${url#http://}
idle=()
for _ in $(seq 500); do
    exec {connection}<>"/dev/tcp/${authority%:*}/${authority#*:}"
    idle+=("$connection")
done
before=$(ticks "$pid")
sleep 5
spent=$(($(ticks "$pid") - before))
for connection in "${idle[@]}"; do exec {connection}>&-; done
printf '  %d idle connections for 5 s: %d ms of CPU\n' ${#idle[@]} $((spent * 1000 / hz))
printf '  start to first answer: %d ms (wanted: below 50, curl and its start included)\n' "$first_answer"
printf '  idle memory: %.1f MiB (wanted: below 16)\n' "$(awk -v k="$idle_kib" 'BEGIN { print k / 1024 }')"

echo
echo "bench: 1,000,000 stored orders, in memory and in a directory; 10,000 orders whose callbacks nobody answers"
build/ci/bench/wxpay-bench --benchmark_filter=^scale/ --benchmark_format=json 2>/dev/null |
    jq -r '.benchmarks[] | [.name, .real_time, .time_unit, .bytes_per_order // "", .us_per_attempt // ""] | @tsv' |
    awk -F'\t' '{ sub(/\/(iterations|real_time).*/, "", $1); printf "  %-34s %10.1f %s", $1, $2, $3
                 if ($4) printf ", %.0f bytes of memory per order", $4
                 if ($5) printf ", %.0f µs per attempt", $5
                 print "" }'
