#!lua
-- Appends an entry to a tenant's trail, once for each event.
-- KEYS: marker of the event, trail, journal
-- ARGV: tenant id; seconds that the marker lives; actor, action, request id, details of the entry
-- Returns 1 if the entry is new, 0 if it was there.
-- @include journal
check_journal(KEYS[3], KEYS[2])
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[2]) then
  return 0
end
tell(KEYS[3], KEYS[2], ARGV[1], read_entry(3))
return 1
