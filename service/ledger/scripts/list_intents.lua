#!lua flags=no-writes
-- Reads intents as of one moment.
-- KEYS: outbox or dead zset, intents hash
-- ARGV: what follows the key in a ZRANGE
-- Returns a list of {intent id, score, intent as JSON}.
local answer = {}
for index, id in ipairs(redis.call('ZRANGE', KEYS[1], unpack(ARGV))) do
  answer[index] = {id, redis.call('ZSCORE', KEYS[1], id), redis.call('HGET', KEYS[2], id)}
end
return answer
