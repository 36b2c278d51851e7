#!lua
-- Appends an entry to a tenant's trail, once for each event.
-- KEYS: marker of the event, trail stream
-- ARGV: seconds that the marker lives; actor, action, request id, details of the entry
-- Returns 1 if the entry is new, 0 if it was there.
redis.call('XLEN', KEYS[2])
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then
  return 0
end
redis.call('XADD', KEYS[2], '*', 'actor', ARGV[2], 'action', ARGV[3], 'request_id', ARGV[4], 'details', ARGV[5])
return 1
