-- Whether the attempt was a signature probe. So far its reason has said so.
ALTER TABLE attempts ADD COLUMN probe INTEGER NOT NULL DEFAULT 0;
UPDATE attempts SET probe = 1 WHERE reason LIKE 'signature probe%' OR reason LIKE 'fault %. signature probe%';

-- Orders that can be paid for more than a week close when their time is over, each by a timer of its own.
INSERT INTO timers (due, kind, subject)
    SELECT expires_at, 12, id FROM orders
    WHERE state IN ('NOTPAY', 'USERPAYING', 'PAYERROR') AND expires_at > created_at + 7 * 24 * 3600 * 1000;
