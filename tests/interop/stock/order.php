<?php
// Orders by WeChat's own address with PHP's curl, and prints the answer.
$order = [
    'appid' => getenv('WXPAY_SANDBOX_APPID'), 'mch_id' => getenv('WXPAY_SANDBOX_MCH_ID'), 'nonce_str' => 'php',
    'body' => 'stock client', 'out_trade_no' => 'PHP1', 'total_fee' => '1', 'spbill_create_ip' => '127.0.0.1',
    'notify_url' => 'http://127.0.0.1:9/notify', 'trade_type' => 'NATIVE',
];
ksort($order);
$text = urldecode(http_build_query($order)) . '&key=' . getenv('WXPAY_SANDBOX_API_KEY');
$order['sign'] = strtoupper(md5($text));
$xml = '<xml>';
foreach ($order as $name => $value) {
    $xml .= "<$name>$value</$name>";
}
$curl = curl_init('https://api.mch.weixin.qq.com/pay/unifiedorder');
curl_setopt_array($curl, [CURLOPT_POSTFIELDS => "$xml</xml>", CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 20]);
$answer = curl_exec($curl);
if ($answer === false) {
    fwrite(STDERR, curl_error($curl) . "\n");
    exit(1);
}
echo $answer, "\n";
