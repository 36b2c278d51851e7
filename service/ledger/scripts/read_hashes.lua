#!lua flags=no-writes
-- Reads hashes as of one moment.
-- KEYS: the hashes
-- Returns for each one its fields and values, none where it does not exist.
local answer = {}
for index, key in ipairs(KEYS) do
  answer[index] = redis.call('HGETALL', key)
end
return answer
