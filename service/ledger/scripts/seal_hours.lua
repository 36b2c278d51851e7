#!lua
-- Turns billed units that are in no intent yet into intents: one per tenant, event type and hour, and never one again
-- under the same id.
-- KEYS: shard's lease, journal, unsealed hash, intents hash, outbox zset, unsent zset, hash of trace
--   contexts, then those of the hours
-- ARGV: fence, then per hour: field of the unsealed hash, tenant id, event type, hour, its start in unix seconds,
--   index of the tenant's hash, index of the tenant's hash of numbers
-- Returns what was sealed, flat: {number of the hour in this call, seq, value, timestamp, ...}; or 'fenced'.
-- @include fence
-- @include journal
-- @include counters
-- @include intents

if is_fenced_off() then
  return FENCED
end
local JOURNAL, UNSEALED, INTENTS, OUTBOX, UNSENT, ASKED = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
check_journal(JOURNAL)
check_intents(INTENTS, OUTBOX, UNSENT)
local sealed = {}
for first = 2, #ARGV, 7 do
  local field, tenant_id, event_type, hour = ARGV[first], ARGV[first + 1], ARGV[first + 2], ARGV[first + 3]
  local value, seqs = whole(UNSEALED, field), KEYS[tonumber(ARGV[first + 6])]
  local held = redis.call('HMGET', KEYS[tonumber(ARGV[first + 5])], 'customer_id', 'trial_ends_at')
  local place = hour .. '|' .. event_type
  if value ~= 0 then
    local seq = string.format('%.0f', whole(seqs, place) + 1)
    sealed[#sealed + 1] = {
      number = (first - 2) / 7, field = field, seqs = seqs, place = place, tenant_id = tenant_id, hour = hour,
      event_type = event_type, seq = seq, id = table.concat({tenant_id, event_type, hour, seq}, ':'),
      value = string.format('%.0f', value), customer_id = held[1] or '', asked = redis.call('HGET', ASKED, field) or '',
      timestamp = string.format('%.0f', math.max(tonumber(ARGV[first + 4]), tonumber(held[2] or '') or 0)),
    }
  end
end

local answer = {}
for _, intent in ipairs(sealed) do
  redis.call('HINCRBY', intent.seqs, intent.place, 1)
  redis.call('HDEL', UNSEALED, intent.field)
  redis.call('HDEL', ASKED, intent.field)
  write_intent(INTENTS, intent.id, {value = intent.value, timestamp = intent.timestamp,
    customer_id = intent.customer_id, attempts = '0', first_sent_at = '', reason = '', buried_at = '',
    asked = intent.asked ~= '' and intent.asked or nil})
  enqueue(OUTBOX, UNSENT, intent.id, intent.timestamp)
  journal_entry(JOURNAL, 'sealed', intent.tenant_id, 'intent_id', intent.id, 'event_type', intent.event_type,
    'hour', intent.hour, 'seq', intent.seq, 'value', intent.value, 'timestamp', intent.timestamp,
    'customer_id', intent.customer_id)
  for _, figure in ipairs({intent.number, intent.seq, intent.value, intent.timestamp}) do
    answer[#answer + 1] = figure
  end
end
return answer
