# Orders by WeChat's own address with Python's stock client, and prints the code that a user would scan.
import hashlib, os, urllib.request

order = {
    'appid': os.environ['WXPAY_SANDBOX_APPID'], 'mch_id': os.environ['WXPAY_SANDBOX_MCH_ID'],
    'nonce_str': 'python', 'body': 'stock client', 'out_trade_no': 'PYTHON1', 'total_fee': '1',
    'spbill_create_ip': '127.0.0.1', 'notify_url': 'http://127.0.0.1:9/notify', 'trade_type': 'NATIVE',
}
text = '&'.join(f'{name}={order[name]}' for name in sorted(order))
order['sign'] = hashlib.md5(f"{text}&key={os.environ['WXPAY_SANDBOX_API_KEY']}".encode()).hexdigest().upper()
xml = '<xml>' + ''.join(f'<{name}>{value}</{name}>' for name, value in order.items()) + '</xml>'
with urllib.request.urlopen('https://api.mch.weixin.qq.com/pay/unifiedorder', xml.encode(), timeout=20) as answer:
    print(answer.read().decode())
