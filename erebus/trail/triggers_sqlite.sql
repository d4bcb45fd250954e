CREATE TRIGGER audit_events_inserted AFTER INSERT ON audit_events BEGIN
  SELECT RAISE(ABORT, 'audit_events: this is not the next event of its log')
  WHERE NOT EXISTS (
    SELECT 1 FROM audit_logs AS l
    WHERE l.id = NEW.log_id AND NEW.number = l.head_number + 1 AND NEW.slot = NEW.number % l.capacity
      AND NEW.prev_hash = l.head_hash AND NEW.created_at >= l.head_time);
  UPDATE audit_logs SET head_number = NEW.number, prior_hash = head_hash, head_hash = NEW.hash,
    head_time = NEW.created_at, pending = max(pending - 1, 0) WHERE id = NEW.log_id;
END
-- ;
CREATE TRIGGER audit_events_updated AFTER UPDATE ON audit_events WHEN NEW.slot IS OLD.slot BEGIN
  SELECT RAISE(ABORT, 'audit_events: this is not the next event of its log, or displaces one that is still kept')
  WHERE OLD.log_id IS NOT NEW.log_id OR NOT EXISTS (
    SELECT 1 FROM audit_logs AS l
    WHERE l.id = NEW.log_id AND NEW.number = l.head_number + 1 AND NEW.slot = NEW.number % l.capacity
      AND OLD.number <= l.head_number + 1 - l.capacity
      AND NEW.prev_hash = l.head_hash AND NEW.created_at >= l.head_time);
  UPDATE audit_logs SET head_number = NEW.number, prior_hash = head_hash, head_hash = NEW.hash,
    head_time = NEW.created_at, pending = max(pending - 1, 0) WHERE id = NEW.log_id;
END
-- ;
CREATE TRIGGER audit_events_laid AFTER UPDATE OF slot ON audit_events WHEN NEW.slot IS NOT OLD.slot BEGIN
  SELECT RAISE(ABORT, 'audit_events: an event moves only while its ring is laid anew, and nothing else of it changes')
  WHERE (NEW.log_id, NEW.number, NEW.created_at, NEW.id, NEW.actor_id, NEW.actor_kind, NEW.actor_name, NEW.actor_image,
         NEW.action, NEW.action_description, NEW.entity_type, NEW.entity_id, NEW.entity_label, NEW.project_id,
         NEW.description, NEW.status, NEW.reason, NEW.changes, NEW.request_id, NEW.address, NEW.user_agent,
         NEW.prev_hash, NEW.hash)
    IS NOT (OLD.log_id, OLD.number, OLD.created_at, OLD.id, OLD.actor_id, OLD.actor_kind, OLD.actor_name,
         OLD.actor_image, OLD.action, OLD.action_description, OLD.entity_type, OLD.entity_id, OLD.entity_label,
         OLD.project_id, OLD.description, OLD.status, OLD.reason, OLD.changes, OLD.request_id, OLD.address,
         OLD.user_agent, OLD.prev_hash, OLD.hash)
    OR NOT EXISTS (
      SELECT 1 FROM audit_logs AS l
      WHERE l.id = NEW.log_id AND l.pending < 0 AND NEW.slot IN (NEW.number % l.capacity, -1 - NEW.number % l.capacity));
END
-- ;
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events BEGIN
  SELECT RAISE(ABORT, 'audit_events: an event is displaced, never deleted')
  WHERE NOT EXISTS (
    SELECT 1 FROM audit_logs AS l
    WHERE l.id = OLD.log_id AND l.pending < 0 AND OLD.number <= max(l.seam_number, l.head_number - l.capacity));
END
-- ;
CREATE TRIGGER audit_logs_made AFTER INSERT ON audit_logs BEGIN
  SELECT RAISE(ABORT, 'audit_logs: a log begins empty')
  WHERE NEW.head_number <> 0 OR NEW.head_time <> 0 OR NEW.seam_number <> 0 OR NEW.pending <> 0
    OR NEW.head_hash <> zeroblob(32) OR NEW.prior_hash <> zeroblob(32) OR NEW.seam_hash <> zeroblob(32)
    OR EXISTS (SELECT 1 FROM audit_events WHERE log_id = NEW.id);
END
-- ;
CREATE TRIGGER audit_logs_moved
AFTER UPDATE OF id, project_id, capacity, head_number, head_hash, prior_hash, head_time, seam_number, seam_hash, pending
ON audit_logs WHEN NEW.capacity IS OLD.capacity BEGIN
  SELECT RAISE(ABORT, 'audit_logs: what a log is never changes')
  WHERE NEW.id IS NOT OLD.id OR NEW.project_id IS NOT OLD.project_id OR NEW.seam_number IS NOT OLD.seam_number
    OR NEW.seam_hash IS NOT OLD.seam_hash;
  SELECT RAISE(ABORT, 'audit_logs: the head moves with its events only')
  WHERE NOT (
    NEW.pending = max(OLD.pending - 1, 0) AND EXISTS (
      SELECT 1 FROM audit_events AS e
      WHERE e.log_id = NEW.id AND e.slot = NEW.head_number % NEW.capacity AND e.number = NEW.head_number
        AND NEW.head_number = OLD.head_number + 1 AND e.prev_hash = OLD.head_hash AND e.hash = NEW.head_hash
        AND NEW.prior_hash = OLD.head_hash AND e.created_at = NEW.head_time)
    OR NEW.pending = NEW.capacity AND OLD.pending = 0 AND NEW.head_number > OLD.head_number
      AND NEW.head_hash = OLD.head_hash AND NEW.prior_hash = OLD.prior_hash AND NEW.head_time = OLD.head_time);
  SELECT RAISE(ABORT, 'audit_logs: the ring was not laid anew, or the change of its capacity is not told')
  WHERE OLD.pending < 0 AND NOT (
    EXISTS (
      SELECT 1 FROM audit_events AS e
      WHERE e.log_id = NEW.id AND e.slot = NEW.head_number % NEW.capacity AND e.number = NEW.head_number AND e.status
        AND e.entity_type = 'audit_log' AND e.action = 'update' AND e.entity_id = NEW.id
        AND e.changes = '[{"after":' || NEW.capacity || ',"before":' || -OLD.pending
          || ',"field":"capacity","name":"capacity"}]')
    AND (
      SELECT count(*) = NEW.head_number - max(NEW.seam_number, NEW.head_number - NEW.capacity)
        AND min(e.number) = max(NEW.seam_number, NEW.head_number - NEW.capacity) + 1
        AND sum(e.slot <> e.number % NEW.capacity) = 0
      FROM audit_events AS e WHERE e.log_id = NEW.id));
END
-- ;
CREATE TRIGGER audit_logs_laid AFTER UPDATE OF capacity ON audit_logs WHEN NEW.capacity IS NOT OLD.capacity BEGIN
  -- While the ring is laid anew, pending is the old capacity with a minus: it cannot be committed, and the one event
  -- that takes it back to 0 is the one that tells of the change.
  SELECT RAISE(ABORT, 'audit_logs: a capacity changes alone, and only to what the ring can be laid to')
  WHERE NOT (
    typeof(NEW.capacity) = 'integer' AND OLD.pending = 0 AND NEW.pending = -OLD.capacity
    AND NEW.id IS OLD.id AND NEW.project_id IS OLD.project_id
    AND NEW.head_number = OLD.head_number AND NEW.head_hash = OLD.head_hash AND NEW.prior_hash = OLD.prior_hash
    AND NEW.head_time = OLD.head_time
    AND NEW.seam_number = max(OLD.seam_number, OLD.head_number - min(OLD.capacity, NEW.capacity))
    AND (NEW.seam_number = OLD.seam_number AND NEW.seam_hash = OLD.seam_hash OR EXISTS (
      SELECT 1 FROM audit_events AS e
      WHERE e.log_id = NEW.id AND e.slot = (NEW.seam_number + 1) % OLD.capacity AND e.number = NEW.seam_number + 1
        AND e.prev_hash = NEW.seam_hash)));
END
-- ;
CREATE TRIGGER audit_logs_kept BEFORE DELETE ON audit_logs BEGIN
  SELECT RAISE(ABORT, 'audit_logs: a log is never deleted');
END
