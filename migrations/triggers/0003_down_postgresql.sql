DROP TRIGGER audit_events_guard ON {schema}.audit_events
-- ;
DROP TRIGGER audit_events_kept ON {schema}.audit_events
-- ;
DROP TRIGGER audit_events_laid ON {schema}.audit_events
-- ;
DROP TRIGGER audit_logs_guard ON {schema}.audit_logs
-- ;
DROP TRIGGER audit_logs_kept ON {schema}.audit_logs
-- ;
DROP TRIGGER audit_logs_laid ON {schema}.audit_logs
-- ;
DROP TRIGGER audit_logs_not_emptied ON {schema}.audit_logs
-- ;
DROP FUNCTION {schema}.audit_refuse()
-- ;
DROP FUNCTION {schema}.audit_events_check()
-- ;
DROP FUNCTION {schema}.audit_events_laid_check()
-- ;
DROP FUNCTION {schema}.audit_logs_check()
-- ;
DROP FUNCTION {schema}.audit_logs_laid_check()
