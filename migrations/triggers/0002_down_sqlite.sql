DROP TRIGGER audit_events_inserted
-- ;
DROP TRIGGER audit_events_updated
-- ;
DROP TRIGGER audit_events_kept
-- ;
DROP TRIGGER audit_logs_made
-- ;
DROP TRIGGER audit_logs_moved
-- ;
DROP TRIGGER audit_logs_kept
