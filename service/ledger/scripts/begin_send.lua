#!lua
-- Notes that an intent is about to be sent, before it is.
-- KEYS: shard's lease, intents hash, outbox zset
-- ARGV: fence, intent id, now, when it is due again, '1' if its identifier is known to be unused up to now
-- Returns the intent as JSON; or nothing where it is not to be sent any more; or 'fenced'.
-- @include fence
-- @include intents
if is_fenced_off() then
  return FENCED
end
local intent = read_intent(KEYS[2], KEYS[3], ARGV[2])
if not intent then
  return false
end
if intent.first_sent_at == '' or ARGV[5] == '1' then
  intent.first_sent_at = ARGV[3]
end
intent.attempts = string.format('%.0f', intent.attempts + 1)

write_intent(KEYS[2], ARGV[2], intent)
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
return cjson.encode(intent)
