-- Shared by the scripts that take usage: limits, prices and books it. Counts are kept as the uses of one call add up,
-- and nothing is written before commit(). Doubles are exact here: no count or amount reaches 2^53.
-- KEYS: tenant hash, events stream, trail stream, months hash, trial hash, spend hash, then those that uses refer to
-- ARGV: tenant id, now, day of acceptance, terms as JSON (see metering.py), request id, then what the script adds
local TENANT, EVENTS, TRAIL, MONTHS, TRIAL, SPEND = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local TODAY, REQUEST_ID = ARGV[3], ARGV[5]
local USE_WIDTH = 13
local EXACT = 2 ^ 53

local terms = cjson.decode(ARGV[4])
local held = redis.call('HMGET', TENANT, 'status', 'plan', 'trial_ends_at')
local status, plan, trial_ends_at = held[1], terms.plans[held[2] or ''], tonumber(held[3] or '')
local counts, added, booked = {}, {}, {}

-- Why the tenant may not use anything at all, if so. Also finds keys of a wrong type, before anything is written.
local function gate()
  redis.call('XLEN', EVENTS)
  redis.call('XLEN', TRAIL)
  if not status then
    return 'missing'
  end
  if not plan or not trial_ends_at then
    return error({err = 'BADTENANT ' .. TENANT .. ' has no known plan or no end of trial'})
  end
  return (status == 'suspended' or status == 'canceled') and status or nil
end

local function read_use(first, kind)
  local hour, billed_hour, event_type = ARGV[first + 5], ARGV[first + 7], ARGV[first + 9]
  return {
    kind = kind,
    claims = KEYS[tonumber(ARGV[first])], claims_expire = ARGV[first + 1], id = ARGV[first + 2],
    digest = ARGV[first + 3],
    hours = KEYS[tonumber(ARGV[first + 4])], hour = hour .. '|' .. event_type,
    month = string.sub(hour, 1, 7) .. '|' .. event_type,
    billed = KEYS[tonumber(ARGV[first + 6])], billed_at = billed_hour, billed_hour = billed_hour .. '|' .. event_type,
    billed_month = string.sub(billed_hour, 1, 7) .. '|' .. event_type,
    value = tonumber(ARGV[first + 8]), event_type = event_type, timestamp = ARGV[first + 10],
    in_trial = tonumber(ARGV[first + 11]) < trial_ends_at, properties = ARGV[first + 12],
  }
end

-- A counter, with what this call adds to it so far.
local function count(key, field)
  counts[key] = counts[key] or {}
  if not counts[key][field] then
    local text = redis.call('HGET', key, field) or '0'
    local number = string.match(text, '^-?%d+$') and tonumber(text)
    if not number or math.abs(number) >= EXACT then
      return error({err = 'BADCOUNTER ' .. key .. ' ' .. field .. ' is not a whole number below 2^53'})
    end
    counts[key][field] = number
  end
  return counts[key][field]
end

local function raise(key, field, value)
  local before = count(key, field)
  counts[key][field] = before + value
  added[key] = added[key] or {}
  added[key][field] = (added[key][field] or 0) + value
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
local function limit(use)
  local event_type, before = use.event_type
  if use.in_trial then
    before = count(TRIAL, event_type)
  else
    before = count(use.billed, use.billed_month)
  end
  use.price = 0
  if use.value <= 0 then
    return nil
  end
  use.price = price(plan.tiers[event_type], before, use.value)
  local trial_cap = use.in_trial and terms.trial_caps[event_type]
  if trial_cap and before + use.value > trial_cap then
    return 'TRIAL_LIMIT_EXCEEDED'
  end
  if use.price > 0 and count(SPEND, TODAY) + use.price > plan.cap then
    return 'DAILY_COST_CAP_EXCEEDED'
  end
  return nil
end

local function book(use)
  raise(use.hours, use.hour, use.value)
  raise(MONTHS, use.month, use.value)
  if use.in_trial then
    raise(TRIAL, use.event_type, use.value)
  else
    raise(use.billed, use.billed_hour, use.value)
    raise(use.billed, use.billed_month, use.value)
  end
  if use.price > 0 then
    raise(SPEND, TODAY, use.price)
  end
  booked[#booked + 1] = use
end

-- Steps of the cap's ladder, in percent, that this call reached.
local function steps_crossed()
  local after, crossed = count(SPEND, TODAY), {}
  local before = after - (added[SPEND] and added[SPEND][TODAY] or 0)
  for _, percent in ipairs(terms.ladder) do
    if before * 100 < percent * plan.cap and after * 100 >= percent * plan.cap then
      crossed[#crossed + 1] = percent
    end
  end
  return crossed
end

local function tell(action, details)
  redis.call('XADD', TRAIL, '*', 'actor', 'service', 'action', action, 'request_id', REQUEST_ID, 'details', details)
end

local function write_uses()
  local claims, expiries = {}, {}
  for _, use in ipairs(booked) do
    local claimed = claims[use.claims] or {}
    claimed[#claimed + 1] = use.id
    claimed[#claimed + 1] = use.claim or use.digest
    claims[use.claims], expiries[use.claims] = claimed, use.claims_expire
    redis.call('XADD', EVENTS, '*', 'tenant_id', ARGV[1], 'event_id', use.id, 'kind', use.kind,
      'event_type', use.event_type, 'value', string.format('%.0f', use.value), 'timestamp', use.timestamp,
      'billed_hour', use.in_trial and '' or use.billed_at, 'day', TODAY, 'price', string.format('%.0f', use.price),
      'properties', use.properties)
  end
  for key, claimed in pairs(claims) do
    redis.call('HSET', key, unpack(claimed))
    if expiries[key] ~= '' then
      redis.call('EXPIREAT', key, expiries[key])
    end
  end
end

local function write_counts()
  for key, fields in pairs(added) do
    for field, value in pairs(fields) do
      redis.call('HINCRBY', key, field, string.format('%.0f', value))
    end
  end
end

local function write_trail(crossed)
  for _, percent in ipairs(crossed) do
    tell('cost_cap.reached', string.format('{"percent":%d,"day":"%s","spend_microcents":%.0f,"cap_microcents":%.0f}',
      percent, TODAY, count(SPEND, TODAY), plan.cap))
  end
  for event_type, value in pairs(added[TRIAL] or {}) do
    local cap, after = terms.trial_caps[event_type], counts[TRIAL][event_type]
    if cap and after >= cap and after - value < cap then
      tell('trial.exhausted', string.format('{"event_type":"%s","cap":%.0f}', event_type, cap))
    end
  end
end

-- What the billed uses of this call add to the month's charge: {event type, list price, ...}.
local function accrued()
  local totals, flat = {}, {}
  for _, use in ipairs(booked) do
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
-- {event type, list price of what this call billed, ...}}.
local function standing(crossed)
  local used = {}
  for event_type in pairs(terms.trial_caps) do
    used[#used + 1] = event_type
    used[#used + 1] = count(TRIAL, event_type)
  end
  return {count(SPEND, TODAY), plan.cap, crossed, trial_ends_at, used, held[2], accrued()}
end

-- Writes everything that was booked, none of which can fail any more. Returns the standing.
local function commit()
  local crossed = steps_crossed()
  local answer = standing(crossed)
  write_uses()
  write_counts()
  write_trail(crossed)
  return answer
end
