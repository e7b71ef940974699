-- Times are milliseconds since 1970 (UTC), money is fen. Words of the wire are kept as they are.

-- One row: how often the directory was opened before.
CREATE TABLE starts (count INTEGER NOT NULL) STRICT;
INSERT INTO starts VALUES (0);

CREATE TABLE orders (
    id             INTEGER PRIMARY KEY,
    mch_id         TEXT    NOT NULL,
    out_trade_no   TEXT    NOT NULL,
    appid          TEXT    NOT NULL,
    sub_mch_id     TEXT    NOT NULL,
    sub_appid      TEXT    NOT NULL,
    api            TEXT    NOT NULL,
    trade_type     TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    total          INTEGER NOT NULL,
    body           TEXT    NOT NULL,
    attach         TEXT    NOT NULL,
    device_info    TEXT    NOT NULL,
    openid         TEXT    NOT NULL,
    sub_openid     TEXT    NOT NULL,
    notify_url     TEXT    NOT NULL,
    nonce_str      TEXT    NOT NULL,
    sign_type      TEXT    NOT NULL,
    limit_pay      TEXT    NOT NULL,
    creation       TEXT    NOT NULL,
    prepay_id      TEXT    NOT NULL,
    prepaid_at     INTEGER NOT NULL,
    code_url       TEXT    NOT NULL,
    mweb_url       TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER,
    transaction_id TEXT,
    paid_at        INTEGER,
    bank_type      TEXT    NOT NULL,
    coupons        TEXT,
    payer          TEXT    NOT NULL DEFAULT '',
    refunded       INTEGER NOT NULL DEFAULT 0,
    refund_outcome TEXT    NOT NULL DEFAULT 'success'
) STRICT;
CREATE UNIQUE INDEX orders_by_number ON orders (mch_id, out_trade_no);
-- Code payments have no prepay_id.
CREATE UNIQUE INDEX orders_by_prepay_id ON orders (prepay_id) WHERE prepay_id <> '';
CREATE UNIQUE INDEX orders_by_transaction_id ON orders (transaction_id) WHERE transaction_id IS NOT NULL;

CREATE INDEX orders_by_payment ON orders (mch_id, paid_at) WHERE paid_at IS NOT NULL;

CREATE TABLE refunds (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id      INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    mch_id        TEXT    NOT NULL,
    out_refund_no TEXT    NOT NULL,
    refund_id     TEXT    NOT NULL,
    api           TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    total         INTEGER NOT NULL,
    fee           INTEGER NOT NULL,
    cash          INTEGER NOT NULL,
    coupons       TEXT,
    reason        TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    notify_url    TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    succeeded_at  INTEGER
) STRICT;
-- A reversed code payment has no number of the merchant's.
CREATE UNIQUE INDEX refunds_by_number ON refunds (mch_id, out_refund_no) WHERE out_refund_no <> '';
CREATE UNIQUE INDEX refunds_by_refund_id ON refunds (refund_id);
CREATE INDEX refunds_by_order ON refunds (order_id);
CREATE INDEX refunds_by_time ON refunds (mch_id, created_at);

-- A merchant's account, line by line.
CREATE TABLE fund_entries (
    id          INTEGER PRIMARY KEY,
    mch_id      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    business_id TEXT    NOT NULL,
    voucher     TEXT    NOT NULL,
    note        TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    balance     INTEGER NOT NULL
) STRICT;
CREATE INDEX fund_entries_by_merchant ON fund_entries (mch_id, id);

-- Closed before they were ordered: such a number cannot be ordered any more.
CREATE TABLE burnt_numbers (
    mch_id       TEXT NOT NULL,
    out_trade_no TEXT NOT NULL,
    PRIMARY KEY (mch_id, out_trade_no)
) STRICT, WITHOUT ROWID;

-- Short forms of Native payment's long links.
CREATE TABLE short_links (
    code     TEXT NOT NULL PRIMARY KEY,
    long_url TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

CREATE TABLE login_codes (
    appid TEXT NOT NULL,
    code  TEXT NOT NULL,
    PRIMARY KEY (appid, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE openids (
    openid TEXT NOT NULL,
    appid  TEXT NOT NULL,
    PRIMARY KEY (openid, appid)
) STRICT, WITHOUT ROWID;

CREATE TABLE notifications (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    kind         TEXT    NOT NULL,
    mch_id       TEXT    NOT NULL,
    out_trade_no TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    retries      INTEGER NOT NULL,
    next_at      INTEGER
) STRICT;
CREATE INDEX notifications_by_order ON notifications (mch_id, out_trade_no);

CREATE TABLE attempts (
    notification_id INTEGER NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    n               INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    http_status     INTEGER NOT NULL,
    latency         INTEGER NOT NULL,
    verdict         TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    response_body   TEXT    NOT NULL,
    PRIMARY KEY (notification_id, n)
) STRICT, WITHOUT ROWID;

-- A claimed timer is being fired; it is unclaimed when the store is opened.
CREATE TABLE timers (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    due     INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    claimed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX timers_by_due ON timers (due, id) WHERE claimed = 0;
CREATE INDEX timers_by_subject ON timers (kind, subject);

-- Transfers to a balance and red packets.
CREATE TABLE payouts (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL,
    mch_id     TEXT    NOT NULL,
    number     TEXT    NOT NULL,
    appid      TEXT    NOT NULL,
    openid     TEXT    NOT NULL,
    amount     INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    remark     TEXT    NOT NULL,
    wishing    TEXT    NOT NULL,
    activity   TEXT    NOT NULL,
    terms      TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    detail_id  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX payouts_by_number ON payouts (kind, mch_id, number);
CREATE INDEX payouts_by_payee ON payouts (mch_id, openid, created_at);

CREATE TABLE comments (
    id             INTEGER PRIMARY KEY,
    mch_id         TEXT    NOT NULL,
    at             INTEGER NOT NULL,
    transaction_id TEXT    NOT NULL,
    stars          INTEGER NOT NULL,
    text           TEXT    NOT NULL
) STRICT;
CREATE INDEX comments_by_time ON comments (mch_id, at, id);
