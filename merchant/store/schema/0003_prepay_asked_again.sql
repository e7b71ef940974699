-- When WeChat was last asked to take the order. What is known from an older question must not undo it.
ALTER TABLE orders ADD COLUMN prepay_asked_last INTEGER;
UPDATE orders SET prepay_asked_last = prepay_asked_at;
