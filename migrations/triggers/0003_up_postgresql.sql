CREATE FUNCTION {schema}.audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%: what has been logged is never deleted', TG_TABLE_NAME;
END $$
-- ;
CREATE FUNCTION {schema}.audit_events_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head bigint;
  gone bigint;
  kept integer;
  target integer;
BEGIN
  IF TG_OP = 'DELETE' THEN
    -- Displaced events are there to be deleted only between the change of a capacity and the laying of its ring.
    SELECT greatest(seam_number, head_number - capacity) INTO gone FROM {schema}.audit_logs WHERE id = OLD.log_id;
    IF NOT FOUND OR OLD.number > gone THEN
      RAISE EXCEPTION 'audit_events: an event is displaced, never deleted';
    END IF;
    RETURN NULL;
  END IF;
  SELECT head_number, greatest(seam_number, head_number - capacity), capacity INTO head, gone, kept
    FROM {schema}.audit_logs WHERE id = NEW.log_id;
  IF NOT FOUND OR NEW.number > head OR NEW.number <= gone THEN
    RAISE EXCEPTION 'audit_events: event % is not an append', NEW.number;
  END IF;
  IF NEW.slot = NEW.number % kept AND (TG_OP = 'INSERT'
     OR OLD.log_id = NEW.log_id AND OLD.slot = NEW.slot AND OLD.number <= gone) THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    RAISE EXCEPTION 'audit_events: event % is not an append', NEW.number;
  END IF;
  -- The ring is laid anew: an event moves to its new slot, or is parked for the moment, and nothing else of it changes.
  target := NEW.slot;
  NEW.slot := OLD.slot;
  IF NEW IS DISTINCT FROM OLD OR target NOT IN (OLD.number % kept, -1 - OLD.number % kept) THEN
    RAISE EXCEPTION 'audit_events: event % is still kept', OLD.number;
  END IF;
  RETURN NULL;
END $$
-- ;
CREATE FUNCTION {schema}.audit_events_laid_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {schema}.audit_events WHERE log_id = NEW.log_id AND slot = NEW.slot;
  IF FOUND THEN
    RAISE EXCEPTION 'audit_events: event % was parked and left there', NEW.number;
  END IF;
  RETURN NULL;
END $$
-- ;
CREATE FUNCTION {schema}.audit_logs_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  zero constant bytea := decode(repeat('00', 32), 'hex');
  old_number bigint := 0;
  old_hash bytea := zero;
  old_prior bytea := zero;
  old_time bigint := 0;
  moved bigint;
  written integer;
  is_linked boolean;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.id <> OLD.id OR NEW.project_id IS DISTINCT FROM OLD.project_id OR NEW.capacity <> OLD.capacity
       OR NEW.seam_number <> OLD.seam_number OR NEW.seam_hash <> OLD.seam_hash OR NEW.pending <> OLD.pending THEN
      IF NEW.capacity = OLD.capacity OR NEW.id <> OLD.id OR NEW.project_id IS DISTINCT FROM OLD.project_id
         OR NEW.pending <> OLD.pending THEN
        RAISE EXCEPTION 'audit_logs: what the log % is never changes', OLD.id;
      END IF;
      PERFORM 1
      WHERE NEW.head_number = OLD.head_number AND NEW.head_hash = OLD.head_hash AND NEW.prior_hash = OLD.prior_hash
        AND NEW.head_time = OLD.head_time
        AND NEW.seam_number = greatest(OLD.seam_number, OLD.head_number - least(OLD.capacity, NEW.capacity))
        AND (NEW.seam_number = OLD.seam_number AND NEW.seam_hash = OLD.seam_hash OR EXISTS (
          SELECT 1 FROM {schema}.audit_events AS e
          WHERE e.log_id = NEW.id AND e.slot = (NEW.seam_number + 1) % OLD.capacity AND e.number = NEW.seam_number + 1
            AND e.prev_hash = NEW.seam_hash));
      IF NOT FOUND THEN
        RAISE EXCEPTION 'audit_logs: the capacity of % changes alone, to what its ring can be laid to', NEW.id;
      END IF;
      RETURN NULL;
    END IF;
    old_number := OLD.head_number; old_hash := OLD.head_hash; old_prior := OLD.prior_hash; old_time := OLD.head_time;
  ELSIF NEW.seam_number <> 0 OR NEW.seam_hash <> zero OR NEW.pending <> 0 THEN
    RAISE EXCEPTION 'audit_logs: the log % must begin empty', NEW.id;
  END IF;
  moved := NEW.head_number - old_number;
  IF moved = 0 AND NEW.head_hash = old_hash AND NEW.prior_hash = old_prior AND NEW.head_time = old_time THEN
    RETURN NULL;
  END IF;
  IF moved < 1 OR NEW.head_time < old_time OR NEW.prior_hash <> old_hash THEN
    RAISE EXCEPTION 'audit_logs: the head of % moves forward only', NEW.id;
  END IF;
  IF moved = 1 THEN
    PERFORM 1 FROM {schema}.audit_events AS e
    WHERE e.log_id = NEW.id AND e.slot = NEW.head_number % NEW.capacity AND e.number = NEW.head_number
      AND e.prev_hash = old_hash AND e.hash = NEW.head_hash AND e.created_at = NEW.head_time;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'audit_logs: head % of % without its event', NEW.head_number, NEW.id;
    END IF;
    RETURN NULL;
  END IF;
  SELECT count(*), bool_and(e.prev_hash = coalesce(e.hash_before, old_hash) AND e.created_at = NEW.head_time)
         AND bool_or(e.number = NEW.head_number AND e.hash = NEW.head_hash)
    INTO written, is_linked
    FROM (SELECT number, hash, prev_hash, created_at, lag(hash) OVER (ORDER BY number) AS hash_before
          FROM {schema}.audit_events
          WHERE log_id = NEW.id AND number > NEW.head_number - least(moved, NEW.capacity)) AS e;
  IF written <> least(moved, NEW.capacity) OR is_linked IS NOT TRUE THEN
    RAISE EXCEPTION 'audit_logs: head % of % without its events', NEW.head_number, NEW.id;
  END IF;
  RETURN NULL;
END $$
-- ;
CREATE FUNCTION {schema}.audit_logs_laid_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM {schema}.audit_events AS e
  WHERE e.log_id = NEW.id AND e.number = NEW.head_number + 1 AND e.status
    AND e.entity_type = 'audit_log' AND e.action = 'update' AND e.entity_id = NEW.id
    AND e.changes = '[{"after":' || NEW.capacity || ',"before":' || OLD.capacity
      || ',"field":"capacity","name":"capacity"}]';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'audit_logs: the change of the capacity of % is not told', NEW.id;
  END IF;
  PERFORM 1
  FROM (SELECT capacity, head_number, greatest(seam_number, head_number - capacity) AS gone
        FROM {schema}.audit_logs WHERE id = NEW.id) AS l
  WHERE (SELECT count(*) = l.head_number - l.gone AND min(e.number) = l.gone + 1
           AND bool_and(e.slot = e.number % l.capacity)
         FROM {schema}.audit_events AS e WHERE e.log_id = NEW.id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'audit_logs: the ring of % was not laid anew', NEW.id;
  END IF;
  RETURN NULL;
END $$
-- ;
CREATE TRIGGER audit_events_guard AFTER INSERT OR UPDATE OR DELETE ON {schema}.audit_events
  FOR EACH ROW EXECUTE FUNCTION {schema}.audit_events_check()
-- ;
CREATE TRIGGER audit_events_kept BEFORE TRUNCATE ON {schema}.audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.audit_refuse()
-- ;
CREATE CONSTRAINT TRIGGER audit_events_laid AFTER UPDATE OF slot ON {schema}.audit_events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.slot < 0)
  EXECUTE FUNCTION {schema}.audit_events_laid_check()
-- ;
CREATE TRIGGER audit_logs_guard AFTER INSERT OR UPDATE ON {schema}.audit_logs
  FOR EACH ROW EXECUTE FUNCTION {schema}.audit_logs_check()
-- ;
CREATE TRIGGER audit_logs_kept BEFORE DELETE ON {schema}.audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.audit_refuse()
-- ;
CREATE CONSTRAINT TRIGGER audit_logs_laid AFTER UPDATE OF capacity ON {schema}.audit_logs
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.capacity <> OLD.capacity)
  EXECUTE FUNCTION {schema}.audit_logs_laid_check()
-- ;
CREATE TRIGGER audit_logs_not_emptied BEFORE TRUNCATE ON {schema}.audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.audit_refuse()
