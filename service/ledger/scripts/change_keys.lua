#!lua
-- Writes API keys of a tenant, if nobody else has changed any since they were read.
-- KEYS: keyring hash, trail, journal, then the hash of each key
-- ARGV: tenant id; revision that was read; actor, action, request id, details of the trail's entry;
--   then per key its id, the number of values that follow, and these: field, value, ...
-- Returns 1, or 0 where the revision is another by now.
-- @include journal
if (redis.call('HGET', KEYS[1], 'revision') or '0') ~= ARGV[2] then
  return 0
end
check_journal(KEYS[3], KEYS[2])
for index = 4, #KEYS do
  redis.call('HLEN', KEYS[index])
end

local first, revision = 7, redis.call('HINCRBY', KEYS[1], 'revision', 1)
for index = 4, #KEYS do
  local last = first + 1 + tonumber(ARGV[first + 1])
  redis.call('HSET', KEYS[1], ARGV[first], '1')
  redis.call('HSET', KEYS[index], unpack(ARGV, first + 2, last))
  journal_key(KEYS[3], KEYS[index], ARGV[1], ARGV[first], revision)
  first = last + 1
end
tell(KEYS[3], KEYS[2], ARGV[1], read_entry(3))
return 1
