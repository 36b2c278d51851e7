#!lua
-- Writes API keys of a tenant, if nobody else has changed any since they were read.
-- KEYS: keyring hash, trail stream, then the hash of each key
-- ARGV: revision that was read; actor, action, request id, details of the trail's entry;
--   then per key its id, the number of values that follow, and these: field, value, ...
-- Returns 1, or 0 where the revision is another by now.
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[1] then
  return 0
end
redis.call('XLEN', KEYS[2])
for index = 3, #KEYS do
  redis.call('HLEN', KEYS[index])
end

local first = 6
for index = 3, #KEYS do
  local last = first + 1 + tonumber(ARGV[first + 1])
  redis.call('HSET', KEYS[1], ARGV[first], '1')
  redis.call('HSET', KEYS[index], unpack(ARGV, first + 2, last))
  first = last + 1
end
redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('XADD', KEYS[2], '*', 'actor', ARGV[2], 'action', ARGV[3], 'request_id', ARGV[4], 'details', ARGV[5])
return 1
