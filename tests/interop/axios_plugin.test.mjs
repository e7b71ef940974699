// Drives wxpay-sandbox with npm's wechatpay-axios-plugin, unmodified: only its baseURL points here, and
// not even that under `wxpay-sandbox run`.
// The client verifies the signature of every answer by itself; a call that returns has passed that.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { after, before, describe, it } from 'node:test';
import plugin from 'wechatpay-axios-plugin';
import { eventually, isRun, merchant, startInbox, startSandbox } from './sandbox.mjs';

const { Aes, Formatter, Hash, Transformer, Wechatpay } = plugin;
const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';

// The client asks the environment for a proxy; loopback needs none.
for (const name of isRun ? [] : ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) delete process.env[name];

// Its constructor wants V3 keys, which V2 calls never touch.
const unused = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

let sandbox;
let inbox;
let wxpay;

const client = (secret) => new Wechatpay({
  mchid: merchant.mch_id,
  serial: 'FFFFFFFF',
  privateKey: unused.privateKey,
  certs: { PUB_KEY_ID_UNUSED: unused.publicKey },
  secret,
  ...sandbox.clientOptions,
  // Over TLS refunds want the merchant's certificate.
  ...(isRun && {
    httpsAgent: new Agent({ cert: readFileSync(process.env.WXPAY_SANDBOX_CERT), key: readFileSync(process.env.WXPAY_SANDBOX_KEY) }),
  }),
});

before(async () => {
  sandbox = await startSandbox('--clock', 'manual');
  inbox = await startInbox();
  wxpay = client(merchant.key);
});

after(async () => {
  const status = await sandbox?.stop();
  await inbox?.stop();
  assert.equal(status ?? 0, 0, 'SIGTERM ends the sandbox with 0');
});

let count = 0;
/** A new order's fields; its callbacks come to a path of its own. */
function newOrder(more = {}) {
  count += 1;
  const no = `INTEROP${String(count).padStart(6, '0')}`;
  return {
    appid: merchant.appid,
    mch_id: merchant.mch_id,
    body: '一本书 & <附赠> "书签"',
    out_trade_no: no,
    total_fee: '88',
    spbill_create_ip: '127.0.0.1',
    notify_url: inbox.url(`/notify/${no}`),
    trade_type: 'JSAPI',
    openid: OPENID,
    ...more,
  };
}

const present = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const create = async (order) => (await wxpay.v2.pay.unifiedorder.post(present(order))).data;

/** orderquery or closeorder for this order. */
const ask = (call, { appid, mch_id, out_trade_no, sign_type }, more = {}) => wxpay.v2.pay[call].post(
  present({ appid, mch_id, out_trade_no, sign_type, ...more }));

/** What wx.requestPayment gets, signed by the client's own code. */
function payFields(prepayId, signType, key = merchant.key) {
  const fields = {
    appId: merchant.appid,
    timeStamp: `${Formatter.timestamp()}`,
    nonceStr: Formatter.nonce(),
    package: `prepay_id=${prepayId}`,
    signType,
  };
  return { ...fields, paySign: Hash.sign(signType, fields, key) };
}

const orderPath = (order) => `orders/${encodeURIComponent(`${order.mch_id}:${order.out_trade_no}`)}`;
const pay = (order) => sandbox.control('POST', `${orderPath(order)}/pay`, { outcome: 'success' });

/** The callback of this order, once the sandbox has marked it so. */
async function notification(order) {
  const { notifications } = await sandbox.control('GET',
    `notifications?mch_id=${order.mch_id}&out_trade_no=${order.out_trade_no}`);
  assert.equal(notifications.length, 1);
  return notifications[0];
}

const untilNotified = (order) => sandbox.control('GET',
  `wait?order=${encodeURIComponent(`${order.mch_id}:${order.out_trade_no}`)}&until=notified&timeout=20s`);

function isSigned(message, key) {
  const type = message.sign?.length === 64 ? Hash.ALGO_HMAC_SHA256 : Hash.ALGO_MD5;
  return Hash.equals(Hash.sign(type, message, key), message.sign);
}

/** A callback's fields if its signature is right under this key; undefined otherwise. */
function verified(xml, key = merchant.key) {
  const message = Transformer.toObject(xml);
  return isSigned(message, key) ? message : undefined;
}

/** The fields of the refusal that the client reports. */
async function refusal(call) {
  const error = await call.then(() => new Error('the client took this for a success'), (e) => e);
  assert.ok(error.response, error.message);
  assert.equal(error.response.status, 200);
  return { ...error.response.data };
}

for (const signType of ['MD5', 'HMAC-SHA256']) {
  const typed = signType === 'MD5' ? {} : { sign_type: signType };

  describe(`wechatpay-axios-plugin, ${signType}`, () => {
    it('orders by JSAPI, pays through the cashier, is called back, and reads the paid order', async () => {
      const order = newOrder({ ...typed, attach: '附加=1&2' });
      const created = await create(order);
      assert.match(created.prepay_id, /^wx\d{14}[0-9a-f]{16}0000$/);
      assert.equal(created.trade_type, 'JSAPI');

      const unpaid = (await ask('orderquery', order)).data;
      assert.equal(unpaid.trade_state, 'NOTPAY');
      assert.equal(unpaid.out_trade_no, order.out_trade_no);

      const shown = await sandbox.control('POST', 'cashier', payFields(created.prepay_id, signType));
      assert.equal(shown.out_trade_no, order.out_trade_no);
      assert.equal(shown.total_fee, 88);
      const paid = await pay(order);
      assert.equal(paid.state, 'SUCCESS');

      const callback = await inbox.arrived(`/notify/${order.out_trade_no}`);
      assert.equal(callback.method, 'POST');
      const told = verified(callback.body);
      assert.ok(told, 'the client verifies the callback');
      assert.equal(told.result_code, 'SUCCESS');
      assert.equal(told.total_fee, '88');
      assert.equal(told.attach, order.attach);
      assert.equal(told.openid, OPENID);
      assert.equal(told.transaction_id, paid.transaction_id);
      assert.equal(told.sign_type, typed.sign_type);

      await untilNotified(order);
      const record = await notification(order);
      assert.equal(record.state, 'delivered');
      assert.deepEqual(record.attempts.map((a) => a.verdict), ['ok']);

      for (const by of [{}, { transaction_id: paid.transaction_id, out_trade_no: undefined }]) {
        const found = (await ask('orderquery', order, by)).data;
        assert.equal(found.trade_state, 'SUCCESS');
        assert.equal(found.transaction_id, paid.transaction_id);
        assert.equal(found.total_fee, '88');
        assert.equal(found.cash_fee, '88');
        assert.equal(found.attach, order.attach);
      }
      const again = await refusal(create(order));
      assert.equal(again.err_code, 'ORDERPAID');
      assert.ok(isSigned(again, merchant.key), 'a business refusal is signed');
    });

    it('gets a code_url for NATIVE and a mweb_url for MWEB', async () => {
      const native = await create(newOrder({ ...typed, trade_type: 'NATIVE', product_id: 'BOOK-1', openid: undefined }));
      assert.match(native.code_url, /^weixin:\/\/wxpay\/bizpayurl\?pr=\w{7}$/);
      const mweb = await create(newOrder({
        ...typed,
        trade_type: 'MWEB',
        openid: undefined,
        scene_info: '{"h5_info":{"type":"Wap","wap_url":"https://shop.example.com","wap_name":"书店"}}',
      }));
      assert.match(mweb.mweb_url, /^https:\/\/wx\.tenpay\.com\/cgi-bin\/mmpayweb-bin\/checkmweb\?prepay_id=wx/);
    });

    it('closes an unpaid order, and cannot close a paid one', async () => {
      const open = newOrder(typed);
      await create(open);
      assert.equal((await ask('closeorder', open)).data.result_code, 'SUCCESS');
      assert.equal((await ask('orderquery', open)).data.trade_state, 'CLOSED');

      const paid = newOrder(typed);
      await create(paid);
      await pay(paid);
      assert.equal((await refusal(ask('closeorder', paid))).err_code, 'ORDERPAID');
    });

    it('refuses a callback that was changed on the way', async () => {
      const order = newOrder(typed);
      await create(order);
      await pay(order);
      const { body } = await inbox.arrived(`/notify/${order.out_trade_no}`);
      assert.ok(verified(body));
      const changed = body.replace('<total_fee>88</total_fee>', '<total_fee>1</total_fee>');
      assert.notEqual(changed, body);
      assert.equal(verified(changed), undefined);
      assert.equal(verified(body, '0'.repeat(32)), undefined, 'nor is it right under another key');
    });

    it('is told 签名错误 when its key is wrong', async () => {
      const stranger = client('0'.repeat(32));
      const refused = await refusal(stranger.v2.pay.unifiedorder.post(newOrder(typed)));
      assert.deepEqual(refused, { return_code: 'FAIL', return_msg: '签名错误' });
    });

    it('cannot pay with a wrong paySign', async () => {
      const created = await create(newOrder(typed));
      await assert.rejects(
        sandbox.control('POST', 'cashier', payFields(created.prepay_id, signType, '0'.repeat(32))),
        (error) => error.status >= 400 && error.status < 500 && /支付验证签名失败/.test(JSON.stringify(error.error)),
      );
    });
  });
}

describe('wechatpay-axios-plugin, either way', () => {
  it('learns that an order does not exist', async () => {
    assert.equal((await refusal(ask('orderquery', newOrder()))).err_code, 'ORDERNOTEXIST');
  });

  it('gets the same callback again until its answer is a success', async () => {
    const order = newOrder();
    await create(order);
    const good = inbox.answer;
    inbox.answer = 'success'; // what many merchants answer, and what does not count
    await pay(order);
    const first = await inbox.arrived(`/notify/${order.out_trade_no}`);
    // The verdict comes after the answer was read; to move the clock before that would be a race.
    await eventually('a verdict', async () => (await notification(order)).attempts.find((a) => a.verdict));
    inbox.answer = good;
    await sandbox.control('POST', 'clock/advance', { seconds: 15 });
    const second = await inbox.arrived(`/notify/${order.out_trade_no}`, 1);
    assert.equal(second.body, first.body);
    const record = await notification(order);
    assert.equal(record.state, 'delivered');
    assert.deepEqual(record.attempts.map((a) => a.verdict), ['bad_answer', 'ok']);
    assert.equal(Date.parse(record.attempts[1].at) - Date.parse(record.attempts[0].at), 15_000);
  });
});

describe('the other V2 calls', () => {
  const who = { appid: merchant.appid, mch_id: merchant.mch_id };
  const xml = (body) => Transformer.toObject(body);
  /** Unsigned answers: the plugin verifies none of these paths. */
  const unsigned = async (call, params, how) => (await call.post(params, how)).data;

  it('refunds, finds the refund by each number, and reads its notification', async () => {
    const order = newOrder();
    await create(order);
    await pay(order);
    const wanted = {
      ...who,
      out_trade_no: order.out_trade_no,
      out_refund_no: `R${order.out_trade_no}`,
      total_fee: '88',
      refund_fee: '30',
      notify_url: inbox.url(`/refund/${order.out_trade_no}`),
    };
    const refund = (await wxpay.v2.secapi.pay.refund.post(wanted)).data;
    assert.equal(refund.refund_fee, '30');
    assert.equal((await wxpay.v2.secapi.pay.refund.post(wanted)).data.refund_id, refund.refund_id);
    for (const by of [{ refund_id: refund.refund_id }, { out_refund_no: wanted.out_refund_no },
      { transaction_id: refund.transaction_id }, { out_trade_no: order.out_trade_no }]) {
      const found = (await wxpay.v2.pay.refundquery.post({ ...who, ...by })).data;
      assert.equal(found.refund_id_0, refund.refund_id);
      assert.equal(found.refund_status_0, 'SUCCESS');
    }
    const message = await inbox.arrived(`/refund/${order.out_trade_no}`);
    const info = xml(Aes.AesEcb.decrypt(xml(message.body).req_info, Hash.md5(merchant.key)));
    assert.equal(info.out_refund_no, wanted.out_refund_no);
    assert.equal(info.refund_fee, '30');
    assert.equal(info.refund_status, 'SUCCESS');
  });

  it('takes code payments and reverses them', async () => {
    const no = newOrder().out_trade_no;
    const scan = {
      ...who, body: '门店', out_trade_no: no, total_fee: '88', spbill_create_ip: '127.0.0.1',
      auth_code: `1345${String(count).padStart(10, '0')}1234`,
    };
    const paid = (await wxpay.v2.pay.micropay.post(scan)).data;
    assert.equal(paid.trade_type, 'MICROPAY');
    const reversed = (await wxpay.v2.secapi.pay.reverse.post({ ...who, out_trade_no: no })).data;
    assert.equal(reversed.recall, 'N');
    assert.equal((await ask('orderquery', { ...who, out_trade_no: no })).data.trade_state, 'REVOKED');
  });

  it('downloads bills', async () => {
    const day = (await sandbox.control('GET', 'clock')).now.slice(0, 10).replaceAll('-', '');
    await sandbox.control('POST', 'clock/advance', { seconds: 2 * 86400 });
    const bill = await unsigned(wxpay.v2.pay.downloadbill, { ...who, bill_date: day, bill_type: 'ALL' },
      { transformResponse: [] }); // the client's own way to get a text
    assert.match(String(bill), /交易时间,公众账号ID/);
    const flow = await unsigned(wxpay.v2.pay.downloadfundflow, {
      ...who, bill_date: day, account_type: 'Basic', sign_type: 'HMAC-SHA256',
    }, { transformResponse: [] });
    assert.match(String(flow), /资金流水单号/);
  });

  it('asks for the small things', async () => {
    const short = (await wxpay.v2.tools.shorturl.post({
      ...who, long_url: 'weixin://wxpay/bizpayurl?sign=A&appid=B',
    })).data;
    assert.match(short.short_url, /^weixin:\/\/wxpay\/s\//);
    const user = (await wxpay.v2.tools.authcodetoopenid.post({ ...who, auth_code: '134579720130501234' })).data;
    assert.match(user.openid, /^o/);
  });

  it('pays out', async () => {
    const transfer = await unsigned(wxpay.v2.mmpaymkttransfers.promotion.transfers, {
      mch_appid: merchant.appid, mchid: merchant.mch_id, partner_trade_no: 'T0001', openid: OPENID,
      check_name: 'NO_CHECK', amount: '100', desc: '节日快乐', spbill_create_ip: '127.0.0.1',
    });
    assert.equal(transfer.result_code, 'SUCCESS');
    const info = await unsigned(wxpay.v2.mmpaymkttransfers.gettransferinfo, {
      appid: merchant.appid, mch_id: merchant.mch_id, partner_trade_no: 'T0001',
    });
    assert.equal(info.detail_id, transfer.payment_no);
    const packet = await unsigned(wxpay.v2.mmpaymkttransfers.sendredpack, {
      mch_billno: 'HB0001', mch_id: merchant.mch_id, wxappid: merchant.appid, send_name: '天虹百货',
      re_openid: OPENID, total_amount: '1000', total_num: '1', wishing: '恭喜发财', client_ip: '127.0.0.1',
      act_name: '新年红包', remark: '新年红包',
    });
    assert.equal(packet.err_code, 'SUCCESS');
    const state = await unsigned(wxpay.v2.mmpaymkttransfers.gethbinfo, {
      appid: merchant.appid, mch_id: merchant.mch_id, mch_billno: 'HB0001', bill_type: 'MCHT',
    });
    assert.equal(state.mch_billno, 'HB0001');
  });
});

describe("a PHP tutorial's request, sent as PHP's curl sends it", () => {
  const recorded = (name) => readFileSync(new URL(`tutorial/${name}`, import.meta.url), 'utf8');
  const post = async (body) => {
    const answer = await fetch(`${sandbox.baseURL}/pay/unifiedorder`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: '*/*' },
      body,
    });
    assert.equal(answer.status, 200);
    return { hint: answer.headers.get('Wxpay-Sandbox-Hint'), fields: Transformer.toObject(await answer.text()) };
  };

  it('is signed rightly: the field name is the only thing wrong with it', () => {
    for (const name of ['open_id.xml', 'openid.xml']) {
      const { sign, ...fields } = Transformer.toObject(recorded(name));
      const text = Object.keys(fields).sort().map((k) => `${k}=${fields[k]}`).join('&');
      assert.equal(createHash('md5').update(`${text}&key=${merchant.key}`).digest('hex').toUpperCase(), sign);
    }
  });

  it('is refused because of open_id, and the hint names openid', async () => {
    const { hint, fields } = await post(recorded('open_id.xml'));
    assert.deepEqual({ ...fields }, { return_code: 'FAIL', return_msg: '不识别的参数open_id' });
    assert.match(hint ?? '', /\bopenid\b/);
  });

  it('is accepted once the name is right', async () => {
    const { fields } = await post(recorded('openid.xml'));
    assert.equal(fields.result_code, 'SUCCESS');
    assert.match(fields.prepay_id, /^wx/);
  });
});
