-- Lists narrow by state, and the metrics count by it.
CREATE INDEX notifications_by_state ON notifications (state);
