#!lua flags=no-writes
-- Reads a tenant's month counters and hour counters as of one moment.
-- KEYS: months hash, then one hours hash per month
local answer = {}
for index, key in ipairs(KEYS) do
  answer[index] = redis.call('HGETALL', key)
end
return answer
