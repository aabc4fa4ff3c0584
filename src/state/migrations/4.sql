-- Which table of the team a row is of, and which change of it the shared store has heard of.
ALTER TABLE replay_item ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE replay_item ADD COLUMN carried INTEGER;
CREATE INDEX replay_item_untold ON replay_item (env, updated_at)
    WHERE state IN ('delivered', 'rejected', 'skipped', 'discarded', 'unsure')
      AND carried IS NOT updated_at;
