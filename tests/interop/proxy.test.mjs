// Drives wxpay-sandbox with npm's wechatpay-axios-plugin as it is, WeChat's address and all: nothing but HTTPS_PROXY
// leads it to the sandbox. Run this by trusting.mjs.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, it } from 'node:test';
import plugin from 'wechatpay-axios-plugin';
import { merchant, startSandbox } from './sandbox.mjs';

const { Wechatpay } = plugin;

for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'])
  delete process.env[name];

// Its constructor wants V3 keys, which V2 calls never touch.
const unused = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

let sandbox;

before(async () => {
  sandbox = await startSandbox('--proxy', '127.0.0.1:0');
  process.env.HTTPS_PROXY = (await sandbox.control('GET', 'environment')).proxy;
});

after(async () => {
  const status = await sandbox?.stop();
  assert.equal(status ?? 0, 0, 'SIGTERM ends the sandbox with 0');
});

it('orders and queries through the proxy, over TLS that it verifies', async () => {
  const wxpay = new Wechatpay({
    mchid: merchant.mch_id,
    serial: 'FFFFFFFF',
    privateKey: unused.privateKey,
    certs: { PUB_KEY_ID_UNUSED: unused.publicKey },
    secret: merchant.key,
  });
  const common = { appid: merchant.appid, mch_id: merchant.mch_id, out_trade_no: 'PROXY000001' };
  const { data: ordered } = await wxpay.v2.pay.unifiedorder.post({
    ...common,
    body: 'a book',
    total_fee: '88',
    spbill_create_ip: '127.0.0.1',
    notify_url: 'http://127.0.0.1:9/notify',
    trade_type: 'NATIVE',
  });
  assert.match(ordered.code_url, /^weixin:/);
  const { data: found } = await wxpay.v2.pay.orderquery.post(common);
  assert.equal(found.trade_state, 'NOTPAY');
  const orders = await sandbox.control('GET', 'orders');
  assert.equal(orders.orders.length, 1);
});
