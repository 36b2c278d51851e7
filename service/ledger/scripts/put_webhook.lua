#!lua
-- Queues an event unless its id was seen before.
-- KEYS: seen marker, queue stream
-- ARGV: seconds that the marker lives, then field, value, ... of the entry
-- Returns 1 if the event is new, 0 if it is a duplicate.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('XLEN', KEYS[2])
redis.call('SET', KEYS[1], '1', 'EX', ARGV[1])
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
return 1
