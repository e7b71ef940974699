// Drives wxpay-sandbox with npm's wechatpay-axios-plugin through API V3, unmodified: only its baseURL points here, and
// not even that under `wxpay-sandbox run`.
// The client verifies the signature of every answer but bills by itself; a call that returns has passed that.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import plugin from 'wechatpay-axios-plugin';
import { isRun, merchant, startInbox, startSandbox } from './sandbox.mjs';

const { Aes, Formatter, Rsa, Wechatpay } = plugin;
const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const API_V3_KEY = 'sandbox-api-v3-key-32-bytes-long';
const PUBLIC_KEY_ID = 'PUB_KEY_ID_011900000109202401010000000001';

// The client asks the environment for a proxy; loopback needs none.
for (const name of isRun ? [] : ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) delete process.env[name];

const shipped = (name) => {
  const text = readFileSync(new URL(`../../sandbox/certificates/shipped/${name}`, import.meta.url), 'utf8');
  return text.slice(text.indexOf('-----BEGIN'));
};
const serialOf = (certificate) => new X509Certificate(certificate).serialNumber;
const merchantKey = shipped('1900000109_key.pem');
const merchantSerial = serialOf(shipped('1900000109_cert.pem'));
const platform = shipped('platform_1_cert.pem');
const second = shipped('platform_2_cert.pem');
const publicKey = createPublicKey(shipped('wechatpay_key.pem')).export({ type: 'spki', format: 'pem' });

let sandbox;
let inbox;
let wxpay;

const client = (more = {}) => new Wechatpay({
  mchid: merchant.mch_id,
  serial: merchantSerial,
  privateKey: merchantKey,
  certs: { [serialOf(platform)]: platform },
  secret: merchant.key,
  ...sandbox.clientOptions,
  ...more,
});

before(async () => {
  sandbox = await startSandbox('--clock', 'manual', '--start-time', '2026-03-10T12:00:00+08:00');
  inbox = await startInbox();
  inbox.answer = JSON.stringify({ code: 'SUCCESS', message: '成功' });
  wxpay = client();
});

after(async () => {
  const status = await sandbox?.stop();
  await inbox?.stop();
  assert.equal(status ?? 0, 0, 'SIGTERM ends the sandbox with 0');
});

let count = 0;
function newOrder(more = {}) {
  count += 1;
  const no = `INTEROP3${String(count).padStart(6, '0')}`;
  return {
    appid: merchant.appid,
    mchid: merchant.mch_id,
    description: '一本书 & <附赠> "书签"',
    out_trade_no: no,
    notify_url: inbox.url(`/notify/${no}`),
    amount: { total: 88, currency: 'CNY' },
    payer: { openid: OPENID },
    ...more,
  };
}

const transactions = () => wxpay.v3.pay.transactions;
const create = async (order) => (await transactions().jsapi.post(order)).data;
const query = async (order) => (await transactions().outTradeNo.$out_trade_no$.get({
  params: { mchid: merchant.mch_id }, out_trade_no: order.out_trade_no,
})).data;
const pay = (order) => sandbox.control('POST',
  `orders/${encodeURIComponent(`${merchant.mch_id}:${order.out_trade_no}`)}/pay`, { outcome: 'success' });

/** What a callback says, once its signature and its seal were found right. */
function opened(message, key = platform) {
  const { headers, body } = message;
  const signed = Formatter.response(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], body);
  assert.ok(Rsa.verify(signed, headers['wechatpay-signature'], key), 'the callback is signed');
  const { resource } = JSON.parse(body);
  return JSON.parse(Aes.AesGcm.decrypt(resource.ciphertext, API_V3_KEY, resource.nonce, resource.associated_data));
}

/** Status and body of the refusal that the client reports. */
async function refusal(call) {
  const error = await call.then(() => new Error('the client took this for a success'), (e) => e);
  assert.ok(error.response, error.message);
  return { status: error.response.status, ...error.response.data };
}

describe('orders', () => {
  it('are made, queried, paid and told of', async () => {
    const order = newOrder();
    const { prepay_id: prepayId } = await create(order);
    assert.match(prepayId, /^wx/);
    assert.equal((await create(order)).prepay_id, prepayId, 'the same call again');
    assert.equal((await query(order)).trade_state, 'NOTPAY');
    await pay(order);
    const message = await inbox.arrived(`/notify/${order.out_trade_no}`);
    const told = opened(message);
    assert.equal(told.out_trade_no, order.out_trade_no);
    assert.equal(told.amount.total, 88);
    const asked = await query(order);
    assert.equal(asked.trade_state, 'SUCCESS');
    assert.equal(asked.transaction_id, told.transaction_id);
    const byId = await transactions().id.$transaction_id$.get({
      params: { mchid: merchant.mch_id }, transaction_id: told.transaction_id,
    });
    assert.deepEqual(byId.data, asked);
    const paid = await refusal(create(order));
    assert.deepEqual([paid.status, paid.code], [400, 'ORDERPAID']);
  });

  it('have a code to scan, or an address to open', async () => {
    const { payer, ...native } = newOrder();
    assert.match((await transactions().native.post(native)).data.code_url, /^weixin:\/\/wxpay\/bizpayurl/);
    const { payer: nobody, ...h5 } = newOrder({
      scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } },
    });
    assert.match((await transactions().h5.post(h5)).data.h5_url, /^https:\/\/wx\.tenpay\.com\//);
  });

  it('close without a word', async () => {
    const order = newOrder();
    await create(order);
    const closed = await transactions().outTradeNo.$out_trade_no$.close.post(
      { mchid: merchant.mch_id }, { out_trade_no: order.out_trade_no });
    assert.equal(closed.status, 204);
    assert.equal((await query(order)).trade_state, 'CLOSED');
  });

  it('that are unknown or wrong are refused in WeChat\'s words', async () => {
    const unknown = await refusal(query({ out_trade_no: 'NEVER00001' }));
    assert.deepEqual([unknown.status, unknown.code, unknown.message], [404, 'ORDER_NOT_EXIST', '订单不存在']);
    const yuan = await refusal(create(newOrder({ amount: { total: 0.88 } })));
    assert.match(yuan.message, /此字段需要一个合法的 64 位有符号整数/);
  });

  it('signed by another key are refused', async () => {
    const other = client({ privateKey: shipped('1900000110_key.pem') });
    const wrong = await refusal(other.v3.pay.transactions.jsapi.post(newOrder()));
    assert.deepEqual([wrong.status, wrong.code], [401, 'SIGN_ERROR']);
  });

  it('with a wrong signature in the answer are noticed by the client', async () => {
    const order = newOrder();
    await create(order);
    await sandbox.control('POST', 'faults', { on: 'api', times: 1, do: { corrupt_sign: true } });
    await assert.rejects(query(order));
    assert.equal((await query(order)).trade_state, 'NOTPAY');
  });
});

describe('refunds', () => {
  it('go back, are queried, and told of', async () => {
    const order = newOrder();
    await create(order);
    await pay(order);
    const number = `${order.out_trade_no}R1`;
    const refunds = wxpay.v3.refund.domestic.refunds;
    const wanted = {
      out_trade_no: order.out_trade_no,
      out_refund_no: number,
      reason: '退货',
      notify_url: inbox.url(`/refund/${number}`),
      amount: { refund: 30, total: 88, currency: 'CNY' },
    };
    const made = (await refunds.post(wanted)).data;
    assert.equal(made.status, 'PROCESSING');
    assert.equal(made.amount.payer_refund, 30);
    const told = opened(await inbox.arrived(`/refund/${number}`));
    assert.deepEqual([told.refund_status, told.out_refund_no], ['SUCCESS', number]);
    const asked = (await refunds.$out_refund_no$.get({ out_refund_no: number })).data;
    assert.deepEqual([asked.status, asked.refund_id], ['SUCCESS', made.refund_id]);
    const more = await refusal(refunds.post({ ...wanted, out_refund_no: `${number}B`, amount: { ...wanted.amount, refund: 59 } }));
    assert.deepEqual([more.status, more.code], [400, 'INVALID_REQUEST']);
  });
});

describe('bills', () => {
  it('have the hash that was promised', async () => {
    await sandbox.control('POST', 'clock/advance', { seconds: 24 * 3600 });
    const { data } = await wxpay.v3.bill.tradebill.get({ params: { bill_date: '2026-03-10', bill_type: 'ALL' } });
    const address = new URL(data.download_url);
    const file = await wxpay.v3.billdownload.file.get({
      params: Object.fromEntries(address.searchParams), responseType: 'arraybuffer',
    });
    const text = Buffer.from(file.data);
    assert.equal(createHash('sha1').update(text).digest('hex'), data.hash_value);
    assert.match(text.toString('utf8'), /交易时间/);
  });
});

describe('platform certificates', () => {
  it('are downloaded, decrypted, and rotated', async () => {
    const serials = async () => (await wxpay.v3.certificates.get()).data.data.map((each) => {
      const { ciphertext, nonce, associated_data: aad } = each.encrypt_certificate;
      const pem = Aes.AesGcm.decrypt(ciphertext, API_V3_KEY, nonce, aad);
      assert.equal(serialOf(pem), each.serial_no);
      return each.serial_no;
    });
    assert.deepEqual(await serials(), [serialOf(platform)]);
    await sandbox.control('POST', 'platform', { second_published: true });
    assert.deepEqual(await serials(), [serialOf(second), serialOf(platform)]);
    await sandbox.control('POST', 'platform', { second_published: false });
  });
});

describe('public keys', () => {
  it('sign what is asked for by their id, and the callback of it', async () => {
    const modern = client({ certs: { [PUBLIC_KEY_ID]: publicKey } });
    const order = newOrder();
    const headers = { 'Wechatpay-Serial': PUBLIC_KEY_ID };
    assert.match((await modern.v3.pay.transactions.jsapi.post(order, { headers })).data.prepay_id, /^wx/);
    await pay(order);
    const message = await inbox.arrived(`/notify/${order.out_trade_no}`);
    assert.equal(message.headers['wechatpay-serial'], PUBLIC_KEY_ID);
    assert.equal(opened(message, publicKey).out_trade_no, order.out_trade_no);
  });
});
