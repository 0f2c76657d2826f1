-- Up Migration

-- A claim changes no column of an index, so with room in its page the new version of a row needs no index entries: half a page is left
-- free, and used anew by what becomes of the message. Without it a claimed and delivered row takes as much room, elsewhere.
alter table reefline.delivery set (fillfactor = 50);
