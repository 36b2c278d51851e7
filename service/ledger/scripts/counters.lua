-- Shared by the scripts that count. Doubles are exact here: no count or amount reaches 2^53.
local EXACT = 2 ^ 53

-- A counter that is to be raised; fails where it is not one, before anything is written.
local function whole(key, field)
  local text = redis.call('HGET', key, field) or '0'
  local number = string.match(text, '^-?%d+$') and tonumber(text)
  if not number or math.abs(number) >= EXACT then
    return error({err = 'BADCOUNTER ' .. key .. ' ' .. field .. ' is not a whole number below 2^53'})
  end
  return number
end
