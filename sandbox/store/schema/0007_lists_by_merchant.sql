-- Lists narrowed by merchant, newest first: an index ends in the row's id, so no row of others is read and none sorted.
CREATE INDEX orders_by_merchant ON orders (mch_id);
CREATE INDEX notifications_by_merchant ON notifications (mch_id);
