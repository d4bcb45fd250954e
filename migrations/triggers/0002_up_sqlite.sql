CREATE TRIGGER audit_events_inserted AFTER INSERT ON audit_events BEGIN
  SELECT RAISE(ABORT, 'audit_events: this is not the next event of its log')
  WHERE NOT EXISTS (
    SELECT 1 FROM audit_logs AS l
    WHERE l.id = NEW.log_id AND NEW.number = l.head_number + 1 AND NEW.slot = NEW.number % l.capacity
      AND NEW.prev_hash = l.head_hash AND NEW.created_at >= l.head_time);
  UPDATE audit_logs SET head_number = NEW.number, prior_hash = head_hash, head_hash = NEW.hash,
    head_time = NEW.created_at, pending = pending - (pending > 0) WHERE id = NEW.log_id;
END
-- ;
CREATE TRIGGER audit_events_updated AFTER UPDATE ON audit_events BEGIN
  SELECT RAISE(ABORT, 'audit_events: this is not the next event of its log, or displaces one that is still kept')
  WHERE OLD.log_id IS NOT NEW.log_id OR OLD.slot IS NOT NEW.slot OR NOT EXISTS (
    SELECT 1 FROM audit_logs AS l
    WHERE l.id = NEW.log_id AND NEW.number = l.head_number + 1 AND NEW.slot = NEW.number % l.capacity
      AND OLD.number <= l.head_number + 1 - l.capacity
      AND NEW.prev_hash = l.head_hash AND NEW.created_at >= l.head_time);
  UPDATE audit_logs SET head_number = NEW.number, prior_hash = head_hash, head_hash = NEW.hash,
    head_time = NEW.created_at, pending = pending - (pending > 0) WHERE id = NEW.log_id;
END
-- ;
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events BEGIN
  SELECT RAISE(ABORT, 'audit_events: an event is displaced, never deleted');
END
-- ;
CREATE TRIGGER audit_logs_made AFTER INSERT ON audit_logs BEGIN
  SELECT RAISE(ABORT, 'audit_logs: a log begins empty')
  WHERE NEW.head_number <> 0 OR NEW.head_time <> 0 OR NEW.seam_number <> 0 OR NEW.pending <> 0
    OR NEW.head_hash <> zeroblob(32) OR NEW.prior_hash <> zeroblob(32) OR NEW.seam_hash <> zeroblob(32)
    OR EXISTS (SELECT 1 FROM audit_events WHERE log_id = NEW.id);
END
-- ;
CREATE TRIGGER audit_logs_moved AFTER UPDATE ON audit_logs BEGIN
  SELECT RAISE(ABORT, 'audit_logs: what a log is never changes')
  WHERE NEW.id IS NOT OLD.id OR NEW.project_id IS NOT OLD.project_id OR NEW.capacity IS NOT OLD.capacity
    OR NEW.seam_number IS NOT OLD.seam_number OR NEW.seam_hash IS NOT OLD.seam_hash;
  SELECT RAISE(ABORT, 'audit_logs: the head moves with its events only')
  WHERE NOT (
    NEW.pending = OLD.pending - (OLD.pending > 0) AND EXISTS (
      SELECT 1 FROM audit_events AS e
      WHERE e.log_id = NEW.id AND e.slot = NEW.head_number % NEW.capacity AND e.number = NEW.head_number
        AND NEW.head_number = OLD.head_number + 1 AND e.prev_hash = OLD.head_hash AND e.hash = NEW.head_hash
        AND NEW.prior_hash = OLD.head_hash AND e.created_at = NEW.head_time)
    OR NEW.pending = NEW.capacity AND OLD.pending = 0 AND NEW.head_number > OLD.head_number
      AND NEW.head_hash = OLD.head_hash AND NEW.prior_hash = OLD.prior_hash AND NEW.head_time = OLD.head_time);
END
-- ;
CREATE TRIGGER audit_logs_kept BEFORE DELETE ON audit_logs BEGIN
  SELECT RAISE(ABORT, 'audit_logs: a log is never deleted');
END
