// Orders by WeChat's own address with node:https, and prints the answer.
import { createHash } from 'node:crypto';
import { request } from 'node:https';

const { WXPAY_SANDBOX_APPID: appid, WXPAY_SANDBOX_MCH_ID: mch_id, WXPAY_SANDBOX_API_KEY: key } = process.env;
const order = {
  appid, body: 'stock client', mch_id, nonce_str: 'node', notify_url: 'http://127.0.0.1:9/notify', out_trade_no: 'NODE1',
  spbill_create_ip: '127.0.0.1', total_fee: 1, trade_type: 'NATIVE',
};
const text = Object.entries(order).map(([name, value]) => `${name}=${value}`).join('&');
order.sign = createHash('md5').update(`${text}&key=${key}`).digest('hex').toUpperCase();
const xml = Object.entries(order).map(([name, value]) => `<${name}>${value}</${name}>`).join('');
const call = request('https://api.mch.weixin.qq.com/pay/unifiedorder', { method: 'POST', timeout: 20_000 }, async (answer) => {
  for await (const chunk of answer) process.stdout.write(chunk);
  console.log();
});
call.end(`<xml>${xml}</xml>`);
