#!/usr/bin/env bash
# One book for 0.88 yuan, as a mini program would buy it, with the shop down when WeChat calls back.
#   scripts/demo.sh [--api v2|v3] [--lang en|zh]
# Builds what is missing, starts wxpay-sandbox and wxpay-merchant on free ports, and plays the story on a clock that
# is moved by hand. Exit 0 only if the order ended paid, was credited once, and the callbacks came when they should.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

case ${LANGUAGE:-${LANG:-}} in
    zh*) lang=zh ;;
    *) lang=en ;;
esac
api=v2
while [ $# -gt 0 ]; do
    case $1 in
        --lang=*) lang=${1#--lang=} ;;
        --lang) lang=${2:-}; shift ;;
        --api=*) api=${1#--api=} ;;
        --api) api=${2:-}; shift ;;
        *) lang= ;;
    esac
    [[ $lang == en || $lang == zh ]] && [[ $api == v2 || $api == v3 ]] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
    shift
done
t() { if [ "$lang" = zh ]; then printf '%s' "$2"; else printf '%s' "$1"; fi; }

bold='' dim='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

comma=$(t ', ' ，)
if [ $api = v3 ]; then
    order_call=/v3/pay/transactions/jsapi news=TRANSACTION.SUCCESS in_v3=' · API V3'
else
    order_call=unifiedorder news=$(t callback 支付通知) in_v3=''
fi
phone=$(t phone 手机) shop=$(t shop 商户) wechat=$(t WeChat 微信)

# ---- output ----------------------------------------------------------------------------------------------------------

pad() { # text columns: Chinese characters take two columns each
    local wide=${1//[!⺀-鿿豈-﫿！-｠]/}
    printf '%s%*s' "$1" $(($2 - ${#1} - ${#wide})) ''
}
row() { # time from to text; without to, something happens at one place
    local arrow=→
    [ -n "$3" ] || arrow=' '
    printf '%s  %s %s %s  %s\n' "$1" "$(pad "$2" 6)" "$arrow" "$(pad "$3" 6)" "$4"
}
yuan() { printf '¥%d.%02d' $(($1 / 100)) $(($1 % 100)); }
beijing() { TZ=CST-8 date -d "$1" +%H:%M:%S; }
progress() { if [ -t 2 ]; then printf '\r\e[K%s' "$1" >&2; elif [ -n "$1" ]; then echo "$1" >&2; fi; }
give_up() {
    progress ''
    echo "demo: $*" >&2
    for log in "$dir"/*.log; do
        [ ! -s "$log" ] || { echo "--- $(basename "$log")"; tail -n 20 "$log"; } >&2
    done
    exit 1
}

# ---- the two programs ------------------------------------------------------------------------------------------------

dir=$(mktemp -d)
sandbox_pid='' merchant_pid=''
end() { # pid signal: ends one of ours and waits for it, without the shell's own remarks
    { [ -z "$1" ] || { kill -"$2" "$1" && wait "$1"; }; } 2>/dev/null || true
}
trap 'end "$merchant_pid" TERM; end "$sandbox_pid" TERM; rm -rf "$dir"' EXIT

progress "$(t 'building …' '正在编译 …')"
scripts/install-deps.sh build demo
tree=build/release
if ! { { [ -f $tree/build.ninja ] || cmake --preset release; } && cmake --build --preset release; } >"$dir/build.log" 2>&1; then
    tail -n 50 "$dir/build.log" >&2
    rm "$dir/build.log"
    give_up "the build failed"
fi
rm "$dir/build.log"

await() { # file pid: the ready file's JSON
    local n
    for ((n = 0; n < 1000; ++n)); do
        if jq -e . "$1" >/dev/null 2>&1; then return; fi
        kill -0 "$2" 2>/dev/null || give_up "$(basename "$1" .ready) ended before it was ready"
        sleep 0.02
    done
    give_up "$(basename "$1" .ready) is not ready after 20 s"
}
start_merchant() { # listen
    rm -f "$dir/wxpay-merchant.ready"
    $tree/merchant/wxpay-merchant --listen "$1" --gateway "$gateway" --data "$dir/shop" \
        --api $api --ready-file "$dir/wxpay-merchant.ready" >>"$dir/wxpay-merchant.log" 2>&1 &
    merchant_pid=$!
    await "$dir/wxpay-merchant.ready" $merchant_pid
}

progress "$(t 'starting …' '正在启动 …')"
XDG_CACHE_HOME="$dir/cache" $tree/sandbox/wxpay-sandbox serve --port 0 --clock manual --ready-file "$dir/wxpay-sandbox.ready" \
    >"$dir/wxpay-sandbox.log" 2>&1 &
sandbox_pid=$!
await "$dir/wxpay-sandbox.ready" $sandbox_pid
gateway=http://$(jq -r '.http | sub("^http://"; "")' "$dir/wxpay-sandbox.ready")
start_merchant 127.0.0.1:0
listen=$(jq -r '.http | sub("^http://"; "")' "$dir/wxpay-merchant.ready")
progress ''

call() { # method url [json]: the answer's JSON; $token is sent if there is one
    local answer
    answer=$(curl -sS --noproxy '*' --max-time 20 -w '\n%{http_code}' -X "$1" ${token:+-H "Authorization: Bearer $token"} \
        ${3:+-H 'Content-Type: application/json' -d "$3"} "$2" 2>&1) || give_up "$1 $2: $answer"
    [[ ${answer##*$'\n'} == 2* ]] || give_up "$1 $2: $answer"
    printf '%s' "${answer%$'\n'*}"
}
at_shop() { call "$1" "http://$listen/api/$2" "${3:-}"; }
at_wechat() { token='' call "$1" "$gateway/_sandbox/v1/$2" "${3:-}"; }
get() { jq -r "$2" <<<"$1"; }
now() { beijing "$(get "$(at_wechat GET clock)" .now)"; }
callback() { get "$(at_wechat GET "notifications?out_trade_no=$number")" '.notifications[0]'; }
attempt() { # n: waits until the n-th attempt has its verdict, and shows it
    local n note one verdict
    for ((n = 0; n < 500; ++n)); do
        note=$(callback)
        [ "$(get "$note" '.attempts | length')" -lt "$1" ] || break
        sleep 0.02
    done
    one=$(get "$note" ".attempts[$1 - 1] // empty")
    [ -n "$one" ] || give_up "attempt $1 of the callback did not come"
    verdict=$(get "$one" .verdict)
    if [ "$verdict" = ok ]; then
        verdict="$green✓ $(t delivered 已送达)$plain"
    else
        verdict="$red✗ $(t "$verdict" 未送达)$plain$comma$(get "$one" '.reason // ""')"
        verdict+="$comma$(t 'next try at' 下次) $(beijing "$(get "$note" .next_at)")"
    fi
    row "$(beijing "$(get "$one" .at)")" "$wechat" "$shop" "$(t "$news, attempt $1: " "$news，第 $1 次：")$verdict"
}
advance() {
    at_wechat POST clock/advance "{\"seconds\":$1}" >/dev/null
    printf '%s          %s%s\n' "$dim" "$(t "… $1 s later" "…… $1 秒之后")" "$plain"
}

# ---- the story -------------------------------------------------------------------------------------------------------

printf '%s%s%s\n' "$bold" "$(t 'One book, two lost callbacks' '买一本书，丢两次通知')$in_v3" "$plain"
printf '%s = wxpay-merchant %s   %s = wxpay-sandbox %s   %s\n\n' "$shop" "$listen" "$wechat" "${gateway#http://}" \
    "$(t 'Beijing time, moved by hand' '北京时间，手动拨动')"

token=''
session=$(at_shop POST login '{"code":"oReader0123456789abcdefghijk"}')
token=$(get "$session" .session)
row "$(now)" "$phone" "$shop" "$(t "wx.login's code → a session; the shop asked WeChat for the openid" 'wx.login 的 code 换会话，商户向微信取得 openid')"

books=$(at_shop GET products)
book=$(get "$books" '[.products[] | select(.price == 88)][0] // empty')
[ -n "$book" ] || give_up "the shop has no book for 88 fen: $books"
row "$(now)" "$phone" "$shop" "$(t "lists $(get "$books" '.products | length') books" "查看图书，共 $(get "$books" '.products | length') 种")"

order=$(at_shop POST orders "{\"product_id\":$(get "$book" '.id | tojson'),\"quantity\":1}")
id=$(get "$order" .id) number=$(get "$order" .out_trade_no) fee=$(get "$order" .total_fee)
row "$(now)" "$phone" "$shop" "$(t 'orders ' 下单)《$(get "$book" .name)》 $bold$(yuan "$fee")$plain${comma}out_trade_no $number"

fields=$(at_shop POST "orders/$id/pay" '{}')
row "$(now)" "$shop" "$wechat" "$order_call $(yuan "$fee") → $(get "$fields" .package)"
row "$(now)" "$shop" "$phone" "$(t 'six fields for wx.requestPayment' 'wx.requestPayment 的六个字段')${comma}signType $(get "$fields" .signType)${comma}paySign $(get "$fields" '.paySign[0:8]')…"

shown=$(at_wechat POST cashier "$fields")
row "$(now)" "$phone" "$wechat" "$(t 'paySign is right; the cashier shows' 'paySign 正确，收银台显示') $(get "$shown" .body) $(yuan "$(get "$shown" .total_fee)")"

end "$merchant_pid" KILL
merchant_pid=''
row "$(now)" "$shop" '' "${red}$(t 'goes down (kill -9)' '宕机（kill -9）')$plain"

paid=$(at_wechat POST "orders/$(get "$fields" '.package | sub("^prepay_id="; "")')/pay" '{"outcome":"success"}')
row "$(now)" "$phone" "$wechat" "$(t 'the user pays' '用户支付') $bold$(yuan "$fee")$plain → $(get "$paid" .state)${comma}transaction_id $(get "$paid" .transaction_id)"

attempt 1
advance 15
attempt 2
start_merchant "$listen"
order=$(at_shop GET "orders/$id")
row "$(now)" "$shop" '' "$green$(t 'is up again' '恢复运行')$plain$comma$(t 'the order is' 订单状态) $(get "$order" .state)"
advance 15
attempt 3
order=$(at_shop GET "orders/$id")
row "$(now)" "$phone" "$shop" "$(t 'looks at the order: ' 查看订单：)$bold$(get "$order" .state)$plain$comma$(t credited 入账) $(get "$order" .credits)×"

at_wechat POST "notifications/$(get "$(callback)" .id)/resend" >/dev/null
printf '%s          %s%s\n' "$dim" "$(t '… the same callback once more' '…… 同一通知再发一次')" "$plain"
attempt 4
again=$(at_shop GET "orders/$id")
row "$(now)" "$phone" "$shop" "$(t 'looks again: ' 再次查看：)$bold$(get "$again" .state)$plain$comma$(t credited 入账) $(get "$again" .credits)×"

# ---- the verdict -----------------------------------------------------------------------------------------------------

echo
note=$(callback)
failed=0
expect() { # what seen wanted
    if [ "$2" = "$3" ]; then
        printf '%s✓%s %s %s\n' "$green" "$plain" "$(pad "$1" 34)" "$2"
    else
        printf '%s✗%s %s %s, %s %s\n' "$red" "$plain" "$(pad "$1" 34)" "$2" "$(t 'wanted' '应为')" "$3"
        failed=1
    fi
}
expect "$(t "the shop's order" '商户订单状态')" "$(get "$again" .state)" paid
expect "$(t 'credited after the first delivery' '首次送达后的入账次数')" "$(get "$order" .credits)" 1
expect "$(t 'credited after the duplicate' '重复通知后的入账次数')" "$(get "$again" .credits)" 1
expect "$(t 'amount paid' '支付金额')" "$(yuan "$(get "$paid" .total_fee)")" ¥0.88
expect "$(t 'the callback' '通知状态')" "$(get "$note" .state)" delivered
expect "$(t 'verdicts' '各次结果')" "$(get "$note" '[.attempts[].verdict] | join(" ")')" "unreachable unreachable ok ok"
first=$(date -d "$(get "$paid" .paid_at)" +%s)
after=$(get "$note" '.attempts[].at' | while IFS= read -r at; do printf '%ss ' $(($(date -d "$at" +%s) - first)); done)
expect "$(t 'attempts, after the payment' '各次距支付的时间')" "${after% }" "0s 15s 30s 30s"
echo
if [ $failed = 0 ]; then
    echo "$bold$(t 'Paid once, credited once: two callbacks lost, one duplicate, nobody harmed.' \
        '付款一次，入账一次：丢了两次通知，多了一次重复，账目无误。')$plain"
else
    echo "$red$(t 'This is not how it should have ended.' '结果不符合预期。')$plain"
fi
exit $failed
