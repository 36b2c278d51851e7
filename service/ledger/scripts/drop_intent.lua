#!lua
-- Ends a dead intent whose units Stripe will never have.
-- KEYS: journal, trail, intents hash, dead zset, hash of dropped units
-- ARGV: intent id, tenant id, field of the dropped units; actor, action, request id, details of the trail's entry
-- Returns 1, or 0 where there is no such dead intent.
-- @include journal
-- @include counters
-- @include intents
check_journal(KEYS[1], KEYS[2])
check_intents(KEYS[3], KEYS[4])
local intent = read_intent(KEYS[3], KEYS[4], ARGV[1])
if not intent then
  return 0
end
whole(KEYS[5], ARGV[3])

redis.call('HINCRBY', KEYS[5], ARGV[3], intent.value)
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
journal_entry(KEYS[1], 'dropped', ARGV[2], 'intent_id', ARGV[1], 'value', intent.value)
tell(KEYS[1], KEYS[2], ARGV[2], read_entry(4))
return 1
