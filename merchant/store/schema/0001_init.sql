-- Times are milliseconds since 1970 (UTC), money is fen.

CREATE TABLE orders (
    id              TEXT    PRIMARY KEY,
    out_trade_no    TEXT    NOT NULL UNIQUE,
    openid          TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    total           INTEGER NOT NULL CHECK (total > 0),
    notify_url      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('unpaid', 'paid', 'closed')),
    prepay_asked_at INTEGER,
    queried_at      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX orders_to_reconcile ON orders (queried_at, prepay_asked_at)
    WHERE state = 'unpaid' AND prepay_asked_at IS NOT NULL;

-- Exactly once: a payment is in the books at most once, and so is an order.
CREATE TABLE payments (
    transaction_id TEXT    PRIMARY KEY,
    order_id       TEXT    NOT NULL UNIQUE REFERENCES orders (id),
    openid         TEXT    NOT NULL,
    total          INTEGER NOT NULL,
    paid_at        INTEGER NOT NULL,
    credited_at    INTEGER NOT NULL
) STRICT;

-- An empty order_id: about no order of ours.
CREATE TABLE log (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    event    TEXT    NOT NULL,
    detail   TEXT    NOT NULL
) STRICT;
CREATE INDEX log_by_order ON log (order_id, event, id);

CREATE TABLE sessions (
    token_digest TEXT    PRIMARY KEY,
    openid       TEXT    NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
