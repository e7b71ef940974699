// Drives wxpay-sandbox with npm's wechatpay-node-v3 (superagent), unmodified. It has WeChat's address compiled in, and no
// option to change it: `wxpay-sandbox run`, or `run --hermetic`, is the only way here.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import plugin from 'wechatpay-node-v3';
import { isRun, startInbox, startSandbox } from './sandbox.mjs';

assert.ok(isRun, 'wxpay-sandbox run is wanted: this client cannot be pointed elsewhere');
const WxPay = plugin.default ?? plugin;
const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const env = (name) => process.env[`WXPAY_SANDBOX_${name}`];

let sandbox;
let inbox;
const client = new WxPay({
  appid: env('APPID'),
  mchid: env('MCH_ID'),
  publicKey: readFileSync(env('CERT')),
  privateKey: readFileSync(env('KEY')),
  key: env('API_V3_KEY'),
});

before(async () => {
  sandbox = await startSandbox();
  inbox = await startInbox();
  inbox.answer = JSON.stringify({ code: 'SUCCESS', message: '成功' });
});

after(() => inbox?.stop());

let count = 0;
function newOrder(more = {}) {
  count += 1;
  const no = `NODEV3${String(count).padStart(6, '0')}`;
  return { description: '一本书', out_trade_no: no, notify_url: inbox.url(`/notify/${no}`), amount: { total: 88 }, ...more };
}

/** What a call brought; this client reports refusals as values, too. */
async function succeeds(call, status = 200) {
  const answer = await call;
  assert.equal(answer.status, status, String(answer.error));
  return answer.data;
}
async function isRefused(call, status, code) {
  const answer = await call;
  assert.deepEqual([answer.status, JSON.parse(answer.error).code], [status, code]);
}

const pay = ({ out_trade_no: no }) => sandbox.control('POST', `orders/${env('MCH_ID')}:${no}/pay`, { outcome: 'success' });

/** What a callback says: the client finds its signature right, and opens it. */
async function opened(path) {
  const { headers, body } = await inbox.arrived(path);
  assert.ok(await client.verifySign({
    timestamp: headers['wechatpay-timestamp'],
    nonce: headers['wechatpay-nonce'],
    body,
    serial: headers['wechatpay-serial'],
    signature: headers['wechatpay-signature'],
  }), 'the callback is signed');
  const { resource } = JSON.parse(body);
  return client.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce, env('API_V3_KEY'));
}

describe('orders', () => {
  it('are made, shown by the cashier, paid, told of and queried', async () => {
    const order = newOrder({ payer: { openid: OPENID } });
    const shown = await sandbox.control('POST', 'cashier', await succeeds(client.transactions_jsapi(order)));
    assert.equal(shown.out_trade_no, order.out_trade_no);
    assert.equal((await succeeds(client.query({ out_trade_no: order.out_trade_no }))).trade_state, 'NOTPAY');
    await pay(order);
    const told = await opened(`/notify/${order.out_trade_no}`);
    assert.deepEqual([told.out_trade_no, told.amount.total], [order.out_trade_no, 88]);
    assert.equal((await succeeds(client.query({ transaction_id: told.transaction_id }))).trade_state, 'SUCCESS');
    await isRefused(client.transactions_jsapi(order), 400, 'ORDERPAID');
  });

  it('are made in each other way, and close', async () => {
    const order = newOrder();
    assert.match((await succeeds(client.transactions_native(order))).code_url, /^weixin:/);
    assert.match((await succeeds(client.transactions_app(newOrder()))).prepayid, /^wx/);
    const h5 = newOrder({ scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } } });
    assert.match((await succeeds(client.transactions_h5(h5))).h5_url, /^https:\/\/wx\.tenpay\.com\//);
    await succeeds(client.close(order.out_trade_no), 204);
    assert.equal((await succeeds(client.query({ out_trade_no: order.out_trade_no }))).trade_state, 'CLOSED');
    await isRefused(client.query({ out_trade_no: 'NEVER00001' }), 404, 'ORDER_NOT_EXIST');
  });

  it('are combined', async () => {
    const [first, second] = [newOrder(), newOrder()];
    const parts = [first, second].map(({ out_trade_no: no, description }) => (
      { mchid: env('MCH_ID'), out_trade_no: no, description, attach: 'a', amount: { total_amount: 10, currency: 'CNY' } }));
    const combined = {
      combine_out_trade_no: `${first.out_trade_no}C`, combine_mchid: env('MCH_ID'), notify_url: first.notify_url,
      scene_info: { payer_client_ip: '127.0.0.1' }, sub_orders: parts,
    };
    assert.match((await succeeds(client.combine_transactions_native(combined))).code_url, /^weixin:/);
    const asked = await succeeds(client.combine_query(combined.combine_out_trade_no));
    assert.deepEqual(asked.sub_orders.map((part) => part.trade_state), ['NOTPAY', 'NOTPAY']);
    await succeeds(client.combine_close(combined.combine_out_trade_no,
      parts.map(({ mchid, out_trade_no }) => ({ mchid, out_trade_no }))), 204);
  });
});

describe('refunds', () => {
  it('go back, are told of and queried', async () => {
    const order = newOrder();
    await succeeds(client.transactions_native(order));
    await pay(order);
    const number = `${order.out_trade_no}R1`;
    await succeeds(client.refunds({
      out_trade_no: order.out_trade_no, out_refund_no: number, notify_url: inbox.url(`/refund/${number}`),
      amount: { refund: 30, total: 88, currency: 'CNY' },
    }));
    const told = await opened(`/refund/${number}`);
    assert.deepEqual([told.refund_status, told.out_refund_no], ['SUCCESS', number]);
    assert.equal((await succeeds(client.find_refunds(number))).status, 'SUCCESS');
  });
});

describe('transfers', () => {
  it('are made in a batch, and queried', async () => {
    const batch = {
      out_batch_no: 'NODEV3B1', batch_name: '报销', batch_remark: '十一月', total_amount: 100, total_num: 1,
      transfer_detail_list: [
        { out_detail_no: 'NODEV3D1', transfer_amount: 100, transfer_remark: '车费', openid: OPENID }],
    };
    await succeeds(client.batches_transfer(batch));
    const asked = await succeeds(client.query_batches_transfer_list(
      { out_batch_no: batch.out_batch_no, need_query_detail: true, detail_status: 'ALL', offset: 0, limit: 20 }));
    assert.equal(asked.transfer_batch.batch_status, 'FINISHED');
  });
});

describe('bills', () => {
  it('come from the address that was promised, with the hash that was promised', async () => {
    await sandbox.control('POST', 'clock/advance', { seconds: 24 * 3600 });
    const promise = await succeeds(client.tradebill({ bill_date: '2026-03-10', bill_type: 'ALL', tar_type: 'GZIP' }));
    assert.equal(new URL(promise.download_url).host, 'api.mch.weixin.qq.com');
    const text = gunzipSync(await succeeds(client.downloadBill(promise.download_url)));
    assert.equal(createHash('sha1').update(text).digest('hex'), promise.hash_value);
    assert.match(text.toString('utf8'), /NODEV3000001/);
  });
});
