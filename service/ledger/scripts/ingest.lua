#!lua
-- Takes the events of several requests: claims, appends and counts those that are new and within the limits.
-- KEYS, ARGV: see metering.lua
-- Returns for each request {'ok', what became of each event, standing}, {why the tenant may not use anything}, or
-- {'broken', what is wrong with the tenant's data}, which keeps no other request from being taken.
-- What became of an event: 'accepted', 'duplicate', 'conflict', or the code of the limit that refused it.
-- @include metering

local function judge(request, use)
  local claim = known(request, use)
  if claim then
    return claim == use.claim and 'duplicate' or 'conflict'
  end
  return limit(request, use) or 'accepted'
end

local function take(request)
  local refused = gate(request)
  if refused then
    return {refused}
  end
  local outcomes = {}
  for first = request.first, request.next - 1, USE_WIDTH do
    local use = read_use(first, 'usage')
    local outcome = judge(request, use)
    if outcome == 'accepted' then
      book(request, use)
    end
    outcomes[#outcomes + 1] = outcome
  end
  local answer = {'ok', outcomes, standing(request)}
  accept(request)
  return answer
end

check_ledger()
local answers, first = {}, 3
for number = 1, tonumber(ARGV[2]) do
  local request
  request, first = read_request(first)
  local taken, answer = pcall(take, request)
  forget_draft()
  answers[number] = taken and answer or {'broken', type(answer) == 'table' and answer.err or tostring(answer)}
end
commit()
return answers
