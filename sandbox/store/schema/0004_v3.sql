-- Wechatpay-Serial of the call that made it: what API V3 tells its caller is signed by that key.
ALTER TABLE orders ADD COLUMN platform_serial TEXT NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN platform_serial TEXT NOT NULL DEFAULT '';

-- The combined order that it is a part of; empty: none.
ALTER TABLE orders ADD COLUMN combine_out_trade_no TEXT NOT NULL DEFAULT '';

ALTER TABLE notifications ADD COLUMN api TEXT NOT NULL DEFAULT 'v2';
ALTER TABLE notifications ADD COLUMN platform_serial TEXT NOT NULL DEFAULT '';

-- Records of the products beside payment (combined orders, transfer bills, profit sharing, bill tokens), each as JSON
-- of its own.
CREATE TABLE documents (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   TEXT NOT NULL,
    mch_id TEXT NOT NULL,
    name   TEXT NOT NULL,
    text   TEXT NOT NULL,
    UNIQUE (kind, mch_id, name)
) STRICT;
