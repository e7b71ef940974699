// Drives wxpay-sandbox with npm's tenpay, unmodified, through every call that it offers; of native mode 1, its address.
// The client has https://api.mch.weixin.qq.com compiled in and honours no proxy: run this by in_namespace.sh and
// trusting.mjs. It verifies the sign of every answer that is signed; a call that returns has passed that.
import assert from 'node:assert/strict';
import { publicEncrypt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import Tenpay from 'tenpay';
import plugin from 'wechatpay-axios-plugin';
import { eventually, merchant, startInbox, startSandbox } from './sandbox.mjs';

const { Hash } = plugin; // one client's signatures, checked with another's
const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';

let sandbox;
let inbox;
let wxpay;

const config = (more = {}) => ({
  appid: merchant.appid,
  mchid: merchant.mch_id,
  partnerKey: merchant.key,
  notify_url: inbox.url('/express/pay/any'),
  ...more,
});

before(async () => {
  const { address } = await lookup('api.mch.weixin.qq.com').catch(() => ({}));
  assert.equal(address, '127.0.0.1', 'this is no place for the test: run it by in_namespace.sh');
  sandbox = await startSandbox('--clock', 'manual', '--https', '127.0.0.1:443');
  inbox = await startInbox();
  const { merchants } = await sandbox.control('GET', 'environment');
  const { p12 } = merchants.find(({ mch_id }) => mch_id === merchant.mch_id);
  wxpay = new Tenpay(config({ pfx: readFileSync(p12) }));
  serveShop();
});

after(async () => {
  const status = await sandbox?.stop();
  await inbox?.stop();
  assert.equal(status ?? 0, 0, 'SIGTERM ends the sandbox with 0');
});

/** What the client's middleware read, by path. */
const read = new Map();

/** What the shop answers to who scanned a product: the prepay_id of a new order, or why there is none. */
async function sell({ openid, product_id }) {
  if (product_id !== 'BOOK-1') return [undefined, '此商品已下架'];
  const order = { ...newOrder(), trade_type: 'NATIVE', openid, product_id };
  return [(await wxpay.unifiedOrder(order)).prepay_id];
}

/** The shop: /FRAMEWORK/TYPE/… is answered by the middleware of that type, run as that framework does. */
function serveShop() {
  const express = (client) => (type, message, response) => {
    const req = { body: message.body };
    const res = { header: (name, value) => response.setHeader(name, value), send: (body) => response.end(body) };
    client.middlewareForExpress(type)(req, res, async () => {
      read.set(message.path, req.weixin);
      if (type === 'nativePay') res.replyNative(...await sell(req.weixin));
      else res.reply();
    });
  };
  const koa = async (type, message, response) => {
    const ctx = { request: { body: message.body } };
    await wxpay.middleware(type)(ctx, async () => {
      read.set(message.path, ctx.request.weixin);
      if (type === 'nativePay') ctx.replyNative(...await sell(ctx.request.weixin));
      else ctx.reply();
    });
    response.setHeader('Content-Type', ctx.type);
    response.end(ctx.body);
  };
  const shops = { express: express(wxpay), koa, stranger: express(new Tenpay(config({ partnerKey: '0'.repeat(32) }))) };
  inbox.reply = (message, response) => {
    const [, shop, type] = message.path.split('/');
    shops[shop](type, message, response);
  };
}

let count = 0;
/** A new number; one for each order. */
function newNumber() {
  count += 1;
  return `TENPAY${String(count).padStart(6, '0')}`;
}

/** A new order's fields; its callbacks come to a path of its own. */
function newOrder(more = {}, shop = 'express') {
  const no = newNumber();
  return {
    body: '一本书 & <附赠> "书签"',
    out_trade_no: no,
    total_fee: 88,
    notify_url: inbox.url(`/${shop}/pay/${no}`),
    openid: OPENID,
    ...more,
  };
}

const orderId = (order) => encodeURIComponent(`${merchant.mch_id}:${order.out_trade_no}`);
const pay = (order) => sandbox.control('POST', `orders/${orderId(order)}/pay`, { outcome: 'success' });
const until = (order, state) => sandbox.control('GET', `wait?order=${orderId(order)}&until=${state}&timeout=20s`);

async function paidOrder(more, shop) {
  const order = newOrder(more, shop);
  await wxpay.unifiedOrder(order);
  return { ...order, transaction_id: (await pay(order)).transaction_id };
}

/** The verdict on the first answer to this order's callback of this kind. */
const verdict = (order, kind) => eventually('a verdict', async () => {
  const { notifications } = await sandbox.control('GET',
    `notifications?mch_id=${merchant.mch_id}&out_trade_no=${order.out_trade_no}`);
  return notifications.find((n) => n.kind === kind)?.attempts[0]?.verdict;
});

/** The sandbox's record of the last call; callbacks may have come after it. */
const lastCall = async () => (await sandbox.control('GET', 'exchanges')).exchanges.find(({ kind }) => kind === 'api');

const refused = (call, message) => assert.rejects(async () => call, { message });

/** A day of the sandbox's clock, as bills name it. */
async function day(offset = 0) {
  const { now } = await sandbox.control('GET', 'clock');
  return new Date(Date.parse(now.slice(0, 10)) + offset * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
}

/** A code that pays at once. */
const authCode = () => `1345${String(count).padStart(10, '0')}1234`;

for (const signType of ['MD5', 'HMAC-SHA256']) {
  const typed = signType === 'MD5' ? {} : { sign_type: signType };

  describe(`tenpay, ${signType}`, () => {
    it('getPayParams: orders, pays through the cashier, reads the callback and the paid order', async () => {
      const order = newOrder({ ...typed, attach: '附加=1&2' });
      const { timestamp, ...fields } = await wxpay.getPayParams(order);
      assert.equal(timestamp, fields.timeStamp);
      assert.match(fields.package, /^prepay_id=wx\d{14}[0-9a-f]{16}0000$/);
      assert.equal(fields.signType, signType);
      assert.equal((await wxpay.orderQuery({ out_trade_no: order.out_trade_no, ...typed })).trade_state, 'NOTPAY');

      const shown = await sandbox.control('POST', 'cashier', fields);
      assert.equal(shown.out_trade_no, order.out_trade_no);
      assert.equal(shown.total_fee, 88);
      const { transaction_id } = await pay(order);

      await until(order, 'notified');
      const told = read.get(`/express/pay/${order.out_trade_no}`);
      assert.equal(told.result_code, 'SUCCESS');
      assert.equal(told.transaction_id, transaction_id);
      assert.equal(told.total_fee, '88');
      assert.equal(told.attach, order.attach);
      assert.equal(told.openid, OPENID);
      assert.equal(told.sign_type, typed.sign_type);
      assert.equal(await verdict(order, 'payment'), 'ok');

      for (const by of [{ out_trade_no: order.out_trade_no }, { transaction_id }]) {
        const found = await wxpay.orderQuery({ ...by, ...typed });
        assert.equal(found.trade_state, 'SUCCESS');
        assert.equal(found.out_trade_no, order.out_trade_no);
        assert.equal(found.transaction_id, transaction_id);
        assert.equal(found.total_fee, '88');
        assert.equal(found.attach, order.attach);
      }
      await refused(wxpay.unifiedOrder(order), 'ORDERPAID');
    });

    it('unifiedOrder: a code_url for NATIVE, a mweb_url for MWEB', async () => {
      const native = await wxpay.unifiedOrder(newOrder({ ...typed, trade_type: 'NATIVE', product_id: 'BOOK-1' }));
      assert.equal(native.trade_type, 'NATIVE');
      assert.match(native.code_url, /^weixin:\/\/wxpay\/bizpayurl\?pr=\w{7}$/);
      const mweb = await wxpay.unifiedOrder(newOrder({
        ...typed,
        trade_type: 'MWEB',
        scene_info: '{"h5_info":{"type":"Wap","wap_url":"https://shop.example.com","wap_name":"书店"}}',
      }));
      assert.match(mweb.mweb_url, /^https:\/\/wx\.tenpay\.com\/cgi-bin\/mmpayweb-bin\/checkmweb\?prepay_id=wx/);
    });

    it('getPayParamsByPrepay: a wrong key is refused by the cashier', async () => {
      const order = await wxpay.unifiedOrder(newOrder(typed));
      const params = (client) => {
        const { timestamp, ...fields } = client.getPayParamsByPrepay(order, signType);
        return sandbox.control('POST', 'cashier', fields);
      };
      assert.equal((await params(wxpay)).total_fee, 88);
      await assert.rejects(params(new Tenpay(config({ partnerKey: '0'.repeat(32) }))),
        (error) => /支付验证签名失败/.test(JSON.stringify(error.error)));
    });

    it('getAppParams and getAppParamsByPrepay: an APP order, and what the app hands over', async () => {
      const order = newOrder({ ...typed, openid: undefined });
      const { sign, ...fields } = await wxpay.getAppParams(order);
      assert.equal(order.trade_type, 'APP');
      assert.equal(sign, Hash.sign(signType, fields, merchant.key));
      assert.match(fields.prepayid, /^wx\d{14}/);
      assert.equal(fields.partnerid, merchant.mch_id);
      assert.equal(fields.package, 'Sign=WXPay');
      const again = wxpay.getAppParamsByPrepay({ prepay_id: fields.prepayid }, signType);
      assert.equal(again.prepayid, fields.prepayid);
      await pay(order);
      const found = await wxpay.orderQuery({ out_trade_no: order.out_trade_no, ...typed });
      assert.equal(found.trade_type, 'APP');
      assert.equal(found.trade_state, 'SUCCESS');
    });

    it('closeOrder: an unpaid order, but no paid one', async () => {
      const { out_trade_no } = newOrder();
      await wxpay.unifiedOrder(newOrder({ ...typed, out_trade_no }));
      assert.equal((await wxpay.closeOrder({ out_trade_no, ...typed })).result_code, 'SUCCESS');
      assert.equal((await wxpay.orderQuery({ out_trade_no, ...typed })).trade_state, 'CLOSED');
      const paid = await paidOrder(typed);
      await refused(wxpay.closeOrder({ out_trade_no: paid.out_trade_no, ...typed }), 'ORDERPAID');
    });

    it('micropay and reverse: takes a code payment and gives it back', async () => {
      const scan = { body: '门店', out_trade_no: newNumber(), total_fee: 88, auth_code: authCode(), ...typed };
      const paid = await wxpay.micropay(scan);
      assert.equal(paid.trade_type, 'MICROPAY');
      assert.equal(paid.total_fee, '88');
      assert.equal(paid.out_trade_no, scan.out_trade_no);
      const { out_trade_no } = scan;
      assert.equal((await wxpay.orderQuery({ out_trade_no, ...typed })).transaction_id, paid.transaction_id);
      assert.equal((await wxpay.reverse({ out_trade_no, ...typed })).recall, 'N');
      assert.equal((await wxpay.orderQuery({ out_trade_no, ...typed })).trade_state, 'REVOKED');
      const broke = `${scan.auth_code.slice(0, -4)}9003`;
      await refused(wxpay.micropay({ ...scan, out_trade_no: newNumber(), auth_code: broke }), 'NOTENOUGH');
    });

    it('refund and refundQuery: part of an order, found by each number, read by the middleware', async () => {
      const order = await paidOrder(typed);
      const { out_trade_no } = order;
      const wanted = {
        out_trade_no,
        out_refund_no: `R${out_trade_no}`,
        total_fee: 88,
        refund_fee: 30,
        notify_url: inbox.url(`/express/refund/${out_trade_no}`),
        ...typed,
      };
      const refund = await wxpay.refund(wanted);
      assert.equal(refund.refund_fee, '30');
      assert.equal(refund.total_fee, '88');
      assert.equal(refund.out_refund_no, wanted.out_refund_no);
      assert.equal(refund.transaction_id, order.transaction_id);
      assert.equal((await wxpay.refund(wanted)).refund_id, refund.refund_id, 'once only');

      for (const by of [{ refund_id: refund.refund_id }, { out_refund_no: wanted.out_refund_no },
        { transaction_id: order.transaction_id }, { out_trade_no }]) {
        const found = await wxpay.refundQuery({ ...by, ...typed });
        assert.equal(found.refund_count, '1');
        assert.equal(found.refund_id_0, refund.refund_id);
        assert.equal(found.refund_fee_0, '30');
        assert.equal(found.refund_status_0, 'SUCCESS');
      }
      assert.equal(await verdict(order, 'refund'), 'ok');
      const { req_info: info, ...message } = read.get(`/express/refund/${out_trade_no}`);
      assert.equal(message.mch_id, merchant.mch_id);
      assert.equal(info.refund_id, refund.refund_id);
      assert.equal(info.out_refund_no, wanted.out_refund_no);
      assert.equal(info.transaction_id, order.transaction_id);
      assert.equal(info.refund_fee, '30');
      assert.equal(info.refund_status, 'SUCCESS');
      assert.equal((await wxpay.orderQuery({ out_trade_no, ...typed })).trade_state, 'REFUND');
      const more = { ...wanted, out_refund_no: `S${out_trade_no}`, refund_fee: 59 };
      await refused(wxpay.refund(more), 'REFUND_FEE_INVALID');
    });

    it('refund: refused without the certificate, as WeChat does', async () => {
      const { out_trade_no } = await paidOrder(typed);
      const bare = new Tenpay(config());
      const wanted = { out_trade_no, out_refund_no: `R${out_trade_no}`, total_fee: 88, refund_fee: 88, ...typed };
      await refused(bare.refund(wanted), 'request fail');
      assert.equal((await lastCall()).error, '400 No required SSL certificate was sent');
      await refused(wxpay.refundQuery({ out_trade_no, ...typed }), 'REFUNDNOTEXIST');
    });

    it('middleware for Koa: reads the callbacks of payment and refund', async () => {
      const order = await paidOrder(typed, 'koa');
      const { out_trade_no } = order;
      await until(order, 'notified');
      assert.equal(read.get(`/koa/pay/${out_trade_no}`).transaction_id, order.transaction_id);
      assert.equal(await verdict(order, 'payment'), 'ok');
      await wxpay.refund({
        out_trade_no, out_refund_no: `R${out_trade_no}`, total_fee: 88, refund_fee: 88,
        notify_url: inbox.url(`/koa/refund/${out_trade_no}`), ...typed,
      });
      assert.equal(await verdict(order, 'refund'), 'ok');
      assert.equal(read.get(`/koa/refund/${out_trade_no}`).req_info.refund_fee, '88');
    });

    it('middleware: refuses a callback of another key, and one that was changed', async () => {
      const strange = await paidOrder(typed, 'stranger');
      assert.equal(await verdict(strange, 'payment'), 'refused');
      const order = await paidOrder(typed);
      const path = `/express/pay/${order.out_trade_no}`;
      const { body } = await inbox.arrived(path);
      const answer = async (xml) => (await fetch(inbox.url(path), { method: 'POST', body: xml })).text();
      assert.match(await answer(body), /SUCCESS/);
      const changed = body.replace('<total_fee>88</total_fee>', '<total_fee>1</total_fee>');
      assert.notEqual(changed, body);
      assert.match(await answer(changed), /FAIL[^]*sign签名错误/);
    });

    it('is told of a wrong key, and of orders that do not exist', async () => {
      const stranger = new Tenpay(config({ partnerKey: '0'.repeat(32) }));
      const nothing = { out_trade_no: newNumber(), ...typed };
      await refused(stranger.unifiedOrder(newOrder(typed)), '签名错误');
      await refused(stranger.orderQuery(nothing), '签名错误');
      await refused(wxpay.orderQuery(nothing), 'ORDERNOTEXIST');
      await refused(wxpay.refundQuery(nothing), 'REFUNDNOTEXIST');
      await refused(wxpay.refund({ ...nothing, out_refund_no: 'R1', total_fee: 1, refund_fee: 1 }), 'ORDERNOTEXIST');
    });

    it('getPublicKey: the key for bank cards', async () => {
      const { mch_id, pub_key } = await wxpay.getPublicKey(typed);
      assert.equal(mch_id, merchant.mch_id);
      assert.equal(publicEncrypt(pub_key, Buffer.from('6222020200000000000')).length, 256);
    });

    it('downloadBill: the day of a payment and a refund, and none for a day without', async () => {
      const order = await paidOrder(typed);
      const { out_trade_no } = order;
      await wxpay.refund({ out_trade_no, out_refund_no: `R${out_trade_no}`, total_fee: 88, refund_fee: 30, ...typed });
      const bill_date = await day();
      await refused(wxpay.downloadBill({ bill_date, ...typed }), 'invalid bill_date');
      await sandbox.control('POST', 'clock/advance', { seconds: 2 * 86400 });

      const bill = await wxpay.downloadBill({ bill_date, ...typed }, true);
      assert.equal(bill.list_title[0], '交易时间');
      assert.equal(bill.total_title[0], '总交易单数');
      assert.equal(Number(bill.total_data[0]), bill.list_data.length);
      const column = (row, title) => row[bill.list_title.indexOf(title)];
      const rows = bill.list_data.filter((row) => column(row, '商户订单号') === out_trade_no);
      assert.deepEqual(rows.map((row) => column(row, '交易状态')).sort(), ['REFUND', 'SUCCESS']);
      for (const row of rows) {
        assert.equal(row.length, bill.list_title.length);
        assert.equal(column(row, '微信订单号'), order.transaction_id);
        assert.equal(column(row, '商户号'), merchant.mch_id);
      }
      const refund = rows.find((row) => column(row, '交易状态') === 'REFUND');
      assert.equal(column(refund, '商户退款单号'), `R${out_trade_no}`);
      assert.equal(column(refund, '退款金额'), '0.30');
      assert.match(await wxpay.downloadBill({ bill_date, bill_type: 'REFUND', ...typed }), /退款申请时间/);

      const dull = await day(-1); // its bill may not be there yet
      await refused(wxpay.downloadBill({ bill_date: dull, ...typed }), /No Bill Exist|Bill Creating/);
    });
  });
}

describe('tenpay, calls with one way to sign', () => {
  it('downloadFundflow: the lines of the account', async () => {
    const order = await paidOrder();
    const bill_date = await day();
    await sandbox.control('POST', 'clock/advance', { seconds: 2 * 86400 });
    const flow = await wxpay.downloadFundflow({ bill_date }, true);
    assert.equal(flow.list_title[2], '资金流水单号');
    const line = flow.list_data.find((row) => row[1] === order.transaction_id);
    assert.equal(line[5], '收入');
    assert.equal(line[6], '0.88');
    assert.equal(Number(flow.total_data[0]), flow.list_data.length);
    await refused(wxpay.downloadFundflow({ bill_date, account_type: 'Fees' }), 'NO_BILL_EXIST');
    await refused(new Tenpay(config()).downloadFundflow({ bill_date }), 'request fail');
  });

  it('transfers and transfersQuery: pays a user', async () => {
    const wanted = {
      partner_trade_no: newNumber(), openid: OPENID, re_user_name: '王小明', amount: 100, desc: '节日快乐',
    };
    const sent = await wxpay.transfers(wanted);
    assert.equal(sent.mch_appid, merchant.appid);
    assert.equal(sent.partner_trade_no, wanted.partner_trade_no);
    assert.equal((await wxpay.transfers(wanted)).payment_no, sent.payment_no, 'once only');
    const found = await wxpay.transfersQuery({ partner_trade_no: wanted.partner_trade_no });
    assert.equal(found.detail_id, sent.payment_no);
    assert.equal(found.status, 'SUCCESS');
    assert.equal(found.payment_amount, '100');
    assert.equal(found.openid, OPENID);
    assert.equal(found.transfer_name, wanted.re_user_name);
    await refused(wxpay.transfersQuery({ partner_trade_no: newNumber() }), 'NOT_FOUND');
    await refused(wxpay.transfers({ ...wanted, partner_trade_no: newNumber(), amount: 1 }), 'AMOUNT_LIMIT');
    await refused(new Tenpay(config()).transfers(wanted), 'request fail');
    await refused(new Tenpay(config()).transfersQuery(wanted), 'request fail');
  });

  it('sendRedpack and redpackQuery: a red packet', async () => {
    const wanted = {
      send_name: '天虹百货', re_openid: OPENID, total_amount: 1000, wishing: '恭喜发财', act_name: '新年红包', remark: '快抢',
    };
    const sent = await wxpay.sendRedpack({ ...wanted, mch_autono: '0000000001' });
    assert.match(sent.mch_billno, new RegExp(`^${merchant.mch_id}\\d{8}0000000001$`));
    assert.equal(sent.wxappid, merchant.appid);
    assert.equal(sent.re_openid, OPENID);
    assert.equal(sent.total_amount, '1000');
    const found = await wxpay.redpackQuery({ mch_billno: sent.mch_billno });
    assert.equal(found.mch_billno, sent.mch_billno);
    assert.equal(found.detail_id, sent.send_listid);
    assert.equal(found.total_amount, '1000');
    assert.equal(found.hb_type, 'NORMAL');
    await refused(wxpay.redpackQuery({ mch_billno: newNumber() }), 'NOT_FOUND');
    await refused(new Tenpay(config()).sendRedpack({ ...wanted, mch_billno: newNumber() }), 'request fail');
  });

  it('getNativeUrl: an address of mode 1 that is signed', () => {
    const url = wxpay.getNativeUrl({ product_id: 'BOOK-1' });
    assert.ok(url.startsWith('weixin://wxpay/bizpayurl?'));
    const { sign, ...fields } = Object.fromEntries(new URLSearchParams(url.slice(url.indexOf('?') + 1)));
    assert.equal(fields.mch_id, merchant.mch_id);
    assert.equal(fields.product_id, 'BOOK-1');
    assert.equal(sign, Hash.sign('MD5', fields, merchant.key));
  });

  for (const shop of ['express', 'koa']) {
    it(`replyNative for ${shop}: who scans the address of mode 1 gets an order, and pays it`, async () => {
      const path = `/${shop}/nativePay/${newNumber()}`;
      const scan = (product_id) => sandbox.control('POST', 'scan',
        { url: wxpay.getNativeUrl({ product_id }), bizpay_url: inbox.url(path), openid: OPENID });
      const order = await scan('BOOK-1');
      assert.equal(order.trade_type, 'NATIVE');
      assert.equal(order.state, 'NOTPAY');
      assert.equal(read.get(path).product_id, 'BOOK-1');
      assert.equal(read.get(path).openid, OPENID);
      assert.equal((await pay(order)).state, 'SUCCESS');
      await assert.rejects(scan('BOOK-2'), { status: 409, message: '此商品已下架' });
    });
  }
});

describe('tenpay, calls that the sandbox knows and does not simulate', () => {
  const card = { enc_bank_no: '6222020200000000000', enc_true_name: '王小明', bank_code: '1002', amount: 100 };
  const coupon = { coupon_stock_id: '1757', openid: OPENID, coupon_id: '4242', partner_trade_no: 'COUPON0001' };
  const packet = { mch_billno: 'GROUP0001', send_name: '天虹百货', re_openid: OPENID, total_amount: 1000 };
  const calls = {
    combinedOrder: { path: '/pay/combinedorder', params: { combine_out_trade_no: 'COMBINED0001' } },
    payBank: { path: '/mmpaysptrans/pay_bank', params: { partner_trade_no: 'BANK0001', ...card } },
    queryBank: { path: '/mmpaysptrans/query_bank', params: { partner_trade_no: 'BANK0001' } },
    queryCouponInfo: { path: '/mmpaymkttransfers/querycouponsinfo', params: coupon },
    queryCouponStock: { path: '/mmpaymkttransfers/query_coupon_stock', params: coupon },
    sendCoupon: { path: '/mmpaymkttransfers/send_coupon', params: coupon },
    sendGroupRedpack: { path: '/mmpaymkttransfers/sendgroupredpack', params: packet },
  };
  for (const [call, { path, params }] of Object.entries(calls)) {
    it(`${call} is refused, and says why`, async () => {
      await refused(wxpay[call](params), 'sandbox: not simulated');
      const { url, hint } = await lastCall();
      assert.equal(url, path);
      assert.match(hint, /does not simulate/);
    });
  }
});

describe("tenpay, Tencent's acceptance sandbox", () => {
  let accepted;
  before(async () => {
    accepted = await Tenpay.sandbox(config());
  });

  it('getSignkey: the key, which is not the real one', async () => {
    const { sandbox_signkey } = await wxpay.getSignkey();
    assert.match(sandbox_signkey, /^[0-9a-f]{32}$/);
    assert.equal(accepted.partnerKey, sandbox_signkey);
    assert.notEqual(sandbox_signkey, merchant.key);
    const stranger = new Tenpay(config({ partnerKey: '0'.repeat(32) }));
    await refused(stranger.getSignkey(), '获取沙箱密钥失败，确认交易密钥是否正确');
  });

  it('unifiedOrder, orderQuery, refund, refundQuery: cases by the amount', async () => {
    const order = newOrder({ total_fee: 101 });
    const { out_trade_no } = order;
    assert.match((await accepted.unifiedOrder(order)).prepay_id, /^wx\d{20}$/);
    const paid = await accepted.orderQuery({ out_trade_no });
    assert.equal(paid.trade_state, 'SUCCESS');
    assert.equal(paid.total_fee, '101');
    const wanted = { out_trade_no, out_refund_no: `R${out_trade_no}`, total_fee: 101, refund_fee: 101 };
    const { refund_id } = await accepted.refund(wanted);
    const found = await accepted.refundQuery({ out_trade_no });
    assert.equal(found.refund_id_0, refund_id);
    assert.equal(found.refund_status_0, 'SUCCESS');
    await refused(accepted.unifiedOrder(newOrder()), /沙箱支付金额\(88\)无效/);
    const unsigned = new Tenpay(config({ sandbox: true })); // the real key
    await refused(unsigned.unifiedOrder(newOrder({ total_fee: 101 })), /沙箱验证签名失败/);
  });

  it('reads the callback with the key of the acceptance sandbox', async () => {
    const order = newOrder({ total_fee: 101 });
    await accepted.unifiedOrder(order);
    const { body } = await inbox.arrived(`/express/pay/${order.out_trade_no}`);
    const req = { body };
    await new Promise((next, refuse) => {
      accepted.middlewareForExpress('pay')(req, { header() {}, send: (said) => refuse(new Error(said)) }, next);
    });
    assert.equal(req.weixin.out_trade_no, order.out_trade_no);
    assert.equal(req.weixin.total_fee, '101');
  });

  it('closeOrder: an order whose payment failed', async () => {
    const order = newOrder({ total_fee: 131 });
    const { out_trade_no } = order;
    await accepted.unifiedOrder(order);
    assert.equal((await accepted.orderQuery({ out_trade_no })).trade_state, 'PAYERROR');
    assert.equal((await accepted.closeOrder({ out_trade_no })).result_code, 'SUCCESS');
    assert.equal((await accepted.orderQuery({ out_trade_no })).trade_state, 'CLOSED');
  });

  it('micropay and reverse', async () => {
    const out_trade_no = newNumber();
    const scan = { body: '门店', out_trade_no, total_fee: 1, auth_code: authCode() };
    assert.equal((await accepted.micropay(scan)).total_fee, '1');
    assert.equal((await accepted.reverse({ out_trade_no })).recall, 'N');
    assert.equal((await accepted.orderQuery({ out_trade_no })).trade_state, 'REVOKED');
  });

  it('downloadBill: the fixed one', async () => {
    const bill = await accepted.downloadBill({ bill_date: '20160504' }, true);
    assert.equal(bill.list_data.length, 1);
    assert.equal(bill.total_data[0], '1');
  });

  it('takes MD5 only', async () => {
    await refused(accepted.orderQuery({ out_trade_no: newNumber(), sign_type: 'HMAC-SHA256' }), /沙箱验证签名失败/);
    await refused(accepted.downloadFundflow({ bill_date: await day(-1) }), /沙箱验证签名失败/);
    await refused(accepted.downloadFundflow({ bill_date: await day(-1), sign_type: 'MD5' }), 'NO_BILL_EXIST');
  });

  it('has no payouts and no coupons', async () => {
    const params = { partner_trade_no: 'T0001', mch_billno: 'HB0001', enc_bank_no: '1', enc_true_name: '1' };
    for (const call of ['transfers', 'transfersQuery', 'sendRedpack', 'sendGroupRedpack', 'redpackQuery', 'sendCoupon',
      'queryCouponStock', 'queryCouponInfo', 'queryBank']) {
      await refused(accepted[call](params), 'request fail');
      assert.equal((await lastCall()).http_status, 404, call);
    }
  });
});
