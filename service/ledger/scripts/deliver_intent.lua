#!lua
-- Ends an intent that Stripe has: its units are sent from now on.
-- KEYS: shard's lease, journal, intents hash, outbox zset, unsent zset, hash of sent units
-- ARGV: fence, intent id, tenant id, field of the sent units, now, how it is known
-- Returns 1; 0 where the intent had ended before; or 'fenced'.
-- @include fence
-- @include journal
-- @include counters
-- @include intents
if is_fenced_off() then
  return FENCED
end
check_journal(KEYS[2])
check_intents(KEYS[3], KEYS[4], KEYS[5])
local intent = read_intent(KEYS[3], KEYS[4], ARGV[2])
if not intent then
  return 0
end
whole(KEYS[6], ARGV[4])

redis.call('HINCRBY', KEYS[6], ARGV[4], intent.value)
dequeue(KEYS[4], KEYS[5], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2])
journal_entry(KEYS[2], 'delivered', ARGV[3], 'intent_id', ARGV[2], 'value', intent.value, 'at', ARGV[5], 'how', ARGV[6])
return 1
