#!lua
-- Gives an intent up; it is kept with the reason until a person deals with it.
-- KEYS: shard's lease, journal, intents hash, outbox zset, unsent zset, dead zset
-- ARGV: fence, intent id, tenant id, now, reason
-- Returns 1; 0 where the intent had ended before; or 'fenced'.
-- @include fence
-- @include journal
-- @include intents
if is_fenced_off() then
  return FENCED
end
check_journal(KEYS[2])
check_intents(KEYS[3], KEYS[4], KEYS[5], KEYS[6])
local intent = read_intent(KEYS[3], KEYS[4], ARGV[2])
if not intent then
  return 0
end

intent.reason, intent.buried_at = ARGV[5], ARGV[4]
write_intent(KEYS[3], ARGV[2], intent)
dequeue(KEYS[4], KEYS[5], ARGV[2])
redis.call('ZADD', KEYS[6], 0, ARGV[2])
journal_entry(KEYS[2], 'dead', ARGV[3], 'intent_id', ARGV[2], 'value', intent.value, 'at', ARGV[4], 'reason', ARGV[5])
return 1
