#!lua
-- Takes the events of one request: claims, appends and counts those that are new and within the limits, or none at all.
-- KEYS, ARGV: see metering.lua; then the uses, one after the other
-- Returns {'ok', what became of each event, standing}, or {why the tenant may not use anything}.
-- What became of an event: 'accepted', 'duplicate', 'conflict', or the code of the limit that refused it.
-- @include metering

local refused = gate()
if refused then
  return {refused}
end
local outcomes, claimed = {}, {}
for first = 6, #ARGV, USE_WIDTH do
  local use = read_use(first, 'usage')
  local claim = use.claims .. '|' .. use.id
  local known = claimed[claim] or redis.call('HGET', use.claims, use.id)
  local outcome
  if known then
    outcome = known == use.digest and 'duplicate' or 'conflict'
  else
    outcome = limit(use) or 'accepted'
  end
  if outcome == 'accepted' then
    claimed[claim] = use.digest
    book(use)
  end
  outcomes[#outcomes + 1] = outcome
end
return {'ok', outcomes, commit()}
