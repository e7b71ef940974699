-- What we asked WeChat to pay back. An order is refunded when the refunds that succeeded add up to its total.
CREATE TABLE refunds (
    out_refund_no TEXT    PRIMARY KEY,
    order_id      TEXT    NOT NULL REFERENCES orders (id),
    request       TEXT    NOT NULL,
    fee           INTEGER NOT NULL CHECK (fee > 0),
    notify_url    TEXT    NOT NULL,
    asked_at      INTEGER NOT NULL,
    state         TEXT    NOT NULL
                  CHECK (state IN ('asked', 'refused', 'accepted', 'succeeded', 'abnormal', 'closed')),
    refund_id     TEXT    UNIQUE,
    ended_at      INTEGER,
    queried_at    INTEGER NOT NULL DEFAULT 0,
    -- Exactly once: the same request, repeated, is the same refund.
    UNIQUE (order_id, request)
) STRICT;
CREATE INDEX refunds_under_way ON refunds (queried_at, asked_at) WHERE state IN ('asked', 'accepted');
CREATE INDEX refunds_by_end ON refunds (ended_at) WHERE state = 'succeeded';
CREATE INDEX payments_by_time ON payments (paid_at);
