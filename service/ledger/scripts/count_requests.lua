#!lua
-- Adds to the counts of answered requests.
-- KEYS: requests hash of each count
-- ARGV: per count its day and how many to add
for index, key in ipairs(KEYS) do
  local held = redis.call('HGET', key, ARGV[2 * index - 1])
  if held and not string.match(held, '^%d+$') then
    return redis.error_reply('BADCOUNTER ' .. key .. ' ' .. ARGV[2 * index - 1] .. ' is not a whole number')
  end
end

for index, key in ipairs(KEYS) do
  redis.call('HINCRBY', key, ARGV[2 * index - 1], ARGV[2 * index])
end
return redis.status_reply('OK')
