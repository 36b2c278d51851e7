-- Shared by the scripts that take usage: limits, prices and books it. A request is drafted first and accepted as a
-- whole; nothing is written before commit().
-- KEYS: journal, unsealed hash, hash of trace contexts, then those that requests and uses refer to
-- ARGV: terms as JSON (see metering.py), number of requests, the requests, then what the script adds.
--   A request: tenant id, day of acceptance, request id, indexes of its tenant hash, trail, months hash, trial hash and
--   spend hash, its trace context or '', number of uses, the uses. A use: see read_use.
-- @include journal
-- @include counters
local JOURNAL, UNSEALED, ASKED = KEYS[1], KEYS[2], KEYS[3]
local REQUEST_WIDTH, USE_WIDTH = 10, 13
local SAMPLED = '-01$'

local terms = cjson.decode(ARGV[1])
local counters, drafted = {}, {}
local claimed, accepted = {}, {}

local function check_ledger()
  check_journal(JOURNAL)
  redis.call('HLEN', UNSEALED)
  redis.call('HLEN', ASKED)
end

-- The request that begins at an argument, and where the next one does.
local function read_request(first)
  local function key(offset)
    return KEYS[tonumber(ARGV[first + offset])]
  end
  local uses = tonumber(ARGV[first + 9])
  local request = {
    tenant_id = ARGV[first], today = ARGV[first + 1], id = ARGV[first + 2], tenant = key(3), trail = key(4),
    months = key(5), trial = key(6), spend = key(7), trace = ARGV[first + 8], first = first + REQUEST_WIDTH,
    uses = {}, claims = {}, told = {}, asked = {},
  }
  request.next = request.first + uses * USE_WIDTH
  return request, request.next
end

local function read_use(first, kind)
  local hour, billed_hour, event_type = ARGV[first + 5], ARGV[first + 7], ARGV[first + 9]
  return {
    kind = kind,
    claims = KEYS[tonumber(ARGV[first])], claims_expire = ARGV[first + 1], id = ARGV[first + 2],
    claim = ARGV[first + 3],
    hours = KEYS[tonumber(ARGV[first + 4])], hour = hour .. '|' .. event_type,
    month = string.sub(hour, 1, 7) .. '|' .. event_type,
    billed = KEYS[tonumber(ARGV[first + 6])], billed_at = billed_hour, billed_hour = billed_hour .. '|' .. event_type,
    billed_month = string.sub(billed_hour, 1, 7) .. '|' .. event_type,
    value = tonumber(ARGV[first + 8]), event_type = event_type, timestamp = ARGV[first + 10],
    instant = tonumber(ARGV[first + 11]), properties = ARGV[first + 12],
  }
end

-- A counter as the requests that were accepted so far, and the one at hand, leave it.
local function count(key, field)
  local name = key .. ' ' .. field
  if drafted[name] then
    return drafted[name]
  end
  if not counters[name] then
    local held = whole(key, field)
    counters[name] = {key = key, field = field, held = held, value = held}
  end
  return counters[name].value
end

local function raise(key, field, value)
  drafted[key .. ' ' .. field] = count(key, field) + value
end

-- Reads the tenant. Returns why it may not use anything at all, if so.
local function gate(request)
  redis.call('XLEN', request.trail)
  local held = redis.call('HMGET', request.tenant, 'status', 'plan', 'trial_ends_at')
  request.plan_name, request.plan, request.trial_ends_at = held[2], terms.plans[held[2] or ''], tonumber(held[3] or '')
  if not held[1] then
    return 'missing'
  end
  if not request.plan or not request.trial_ends_at then
    return error({err = 'BADTENANT ' .. request.tenant .. ' has no known plan or no end of trial'})
  end
  request.spent = count(request.spend, request.today)
  return (held[1] == 'suspended' or held[1] == 'canceled') and held[1] or nil
end

-- What is known under the use's id, if anything.
local function known(request, use)
  local name = use.claims .. ' ' .. use.id
  return request.claims[name] or claimed[name] or redis.call('HGET', use.claims, use.id)
end

-- What `units` more cost once `before` were used: each tier's share of them. A month below zero costs nothing.
local function price(tiers, before, units)
  local reached, last, total = math.max(before, 0), math.max(before + units, 0), 0
  for index = 2, #tiers, 2 do
    local ends = tiers[index] < 0 and last or math.min(tiers[index], last)
    if ends > reached then
      total = total + (ends - reached) * tiers[index + 1]
      reached = ends
    end
  end
  return total
end

-- Which limit refuses the use, if any; notes its price. What takes usage away is never refused, and frees no room.
local function limit(request, use)
  local event_type, before = use.event_type
  use.in_trial = use.instant < request.trial_ends_at
  if use.in_trial then
    before = count(request.trial, event_type)
  else
    before = count(use.billed, use.billed_month)
  end
  use.price = 0
  if use.value <= 0 then
    return nil
  end
  use.price = price(request.plan.tiers[event_type], before, use.value)
  local trial_cap = use.in_trial and terms.trial_caps[event_type]
  if trial_cap and before + use.value > trial_cap then
    return 'TRIAL_LIMIT_EXCEEDED'
  end
  if use.price > 0 and count(request.spend, request.today) + use.price > request.plan.cap then
    return 'DAILY_COST_CAP_EXCEEDED'
  end
  return nil
end

local function tell_later(request, action, details)
  request.told[#request.told + 1] = {actor = 'service', action = action, request_id = request.id, details = details}
end

local function raise_trial(request, use)
  local cap, before = terms.trial_caps[use.event_type], count(request.trial, use.event_type)
  raise(request.trial, use.event_type, use.value)
  if cap and before < cap and before + use.value >= cap then
    tell_later(request, 'trial.exhausted', string.format('{"event_type":"%s","cap":%.0f}', use.event_type, cap))
  end
end

-- What will be sealed refers to the request that began it, or better to one whose trace is kept.
local function ask(request, field)
  if request.trace ~= '' and (string.find(request.trace, SAMPLED) or count(UNSEALED, field) == 0) then
    request.asked[field] = request.trace
  end
end

local function book(request, use)
  raise(use.hours, use.hour, use.value)
  raise(request.months, use.month, use.value)
  if use.in_trial then
    raise_trial(request, use)
  else
    raise(use.billed, use.billed_hour, use.value)
    raise(use.billed, use.billed_month, use.value)
    local field = table.concat({request.tenant_id, use.event_type, use.billed_at}, '|')
    ask(request, field)
    raise(UNSEALED, field, use.value)
  end
  if use.price > 0 then
    raise(request.spend, request.today, use.price)
  end
  request.claims[use.claims .. ' ' .. use.id] = use.claim
  request.uses[#request.uses + 1] = use
end

-- Steps of the cap's ladder, in percent, that the request reached.
local function cross_steps(request)
  local after, cap, crossed = count(request.spend, request.today), request.plan.cap, {}
  for _, percent in ipairs(terms.ladder) do
    if request.spent * 100 < percent * cap and after * 100 >= percent * cap then
      crossed[#crossed + 1] = percent
      tell_later(request, 'cost_cap.reached', string.format(
        '{"percent":%d,"day":"%s","spend_microcents":%.0f,"cap_microcents":%.0f}', percent, request.today, after, cap))
    end
  end
  return crossed
end

-- What the billed uses of the request add to the month's charge: {event type, list price, ...}.
local function accrued(request)
  local totals, flat = {}, {}
  for _, use in ipairs(request.uses) do
    if not use.in_trial and use.price > 0 then
      totals[use.event_type] = (totals[use.event_type] or 0) + use.price
    end
  end
  for event_type, total in pairs(totals) do
    flat[#flat + 1] = event_type
    flat[#flat + 1] = total
  end
  return flat
end

-- Where the tenant stands: {spend, cap, steps crossed, end of trial, {event type, units of the trial, ...}, plan,
-- {event type, list price of what the request billed, ...}}.
local function standing(request)
  local used = {}
  for event_type in pairs(terms.trial_caps) do
    used[#used + 1] = event_type
    used[#used + 1] = count(request.trial, event_type)
  end
  return {count(request.spend, request.today), request.plan.cap, cross_steps(request), request.trial_ends_at, used,
    request.plan_name, accrued(request)}
end

-- Makes the request's draft part of what is committed.
local function accept(request)
  for name, value in pairs(drafted) do
    counters[name].value = value
  end
  for name, claim in pairs(request.claims) do
    claimed[name] = claim
  end
  accepted[#accepted + 1] = request
end

local function forget_draft()
  drafted = {}
end

local function write_uses(request, claims, expiries)
  for _, use in ipairs(request.uses) do
    local written = claims[use.claims] or {}
    written[#written + 1] = use.id
    written[#written + 1] = use.claim
    claims[use.claims], expiries[use.claims] = written, use.claims_expire
    journal_entry(JOURNAL, use.kind, request.tenant_id, 'event_id', use.id,
      'event_type', use.event_type, 'value', string.format('%.0f', use.value), 'timestamp', use.timestamp,
      'billed_hour', use.in_trial and '' or use.billed_at, 'day', request.today,
      'price', string.format('%.0f', use.price), 'properties', use.properties, 'claim', use.claim)
  end
  for field, trace in pairs(request.asked) do
    redis.call('HSET', ASKED, field, trace)
  end
  for _, entry in ipairs(request.told) do
    tell(JOURNAL, request.trail, request.tenant_id, entry)
  end
end

-- What is unsealed is there only while it is not 0.
local function write_counter(counter)
  if counter.key == UNSEALED and counter.value == 0 then
    redis.call('HDEL', counter.key, counter.field)
    redis.call('HDEL', ASKED, counter.field)
  elseif counter.value ~= counter.held then
    redis.call('HINCRBY', counter.key, counter.field, string.format('%.0f', counter.value - counter.held))
  end
end

-- Writes everything that was accepted, none of which can fail any more.
local function commit()
  local claims, expiries = {}, {}
  for _, request in ipairs(accepted) do
    write_uses(request, claims, expiries)
  end
  for key, written in pairs(claims) do
    redis.call('HSET', key, unpack(written))
    if expiries[key] ~= '' then
      redis.call('EXPIREAT', key, expiries[key])
    end
  end
  for _, counter in pairs(counters) do
    write_counter(counter)
  end
end
