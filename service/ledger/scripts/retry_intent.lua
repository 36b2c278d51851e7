#!lua
-- Has a dead intent sent again, to the customer that the tenant is now. When it was first sent stays as it is.
-- KEYS: journal, trail, intents hash, outbox zset, unsent zset, dead zset, tenant hash
-- ARGV: intent id, tenant id; actor, action, request id, details of the trail's entry
-- Returns 1, or 0 where there is no such dead intent.
-- @include journal
-- @include intents
check_journal(KEYS[1], KEYS[2])
check_intents(KEYS[3], KEYS[4], KEYS[5], KEYS[6])
local intent = read_intent(KEYS[3], KEYS[6], ARGV[1])
if not intent then
  return 0
end
intent.customer_id = redis.call('HGET', KEYS[7], 'customer_id') or intent.customer_id
intent.attempts, intent.reason, intent.buried_at = '0', '', ''

write_intent(KEYS[3], ARGV[1], intent)
redis.call('ZREM', KEYS[6], ARGV[1])
enqueue(KEYS[4], KEYS[5], ARGV[1], intent.timestamp)
journal_entry(KEYS[1], 'retried', ARGV[2], 'intent_id', ARGV[1], 'customer_id', intent.customer_id)
tell(KEYS[1], KEYS[2], ARGV[2], read_entry(3))
return 1
