#!/bin/sh
# Orders by WeChat's own address with curl, and prints the answer.
set -eu
text="appid=$WXPAY_SANDBOX_APPID&body=stock client&mch_id=$WXPAY_SANDBOX_MCH_ID&nonce_str=curl"
text="$text&notify_url=http://127.0.0.1:9/notify&out_trade_no=CURL1&spbill_create_ip=127.0.0.1"
text="$text&total_fee=1&trade_type=NATIVE"
sign=$(printf '%s&key=%s' "$text" "$WXPAY_SANDBOX_API_KEY" | md5sum | cut -c 1-32 | tr a-f A-F)
xml=$(printf '%s&sign=%s' "$text" "$sign" | sed 's/\([^=&]*\)=\([^&]*\)&\{0,1\}/<\1>\2<\/\1>/g')
exec curl --silent --show-error --fail --max-time 20 --data "<xml>$xml</xml>" \
    https://api.mch.weixin.qq.com/pay/unifiedorder
