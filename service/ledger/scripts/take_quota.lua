#!lua flags=allow-oom
-- Takes one admission from several quotas each, for several requests in order: from all of a request's quotas or from
-- none. The arithmetic is that of service/domain/quota.py, by the server's clock.
-- What is written stays out of the append-only file and away from replicas: no request waits for a disk because of its
-- limits, and a restart begins with whole quotas.
-- KEYS: the buckets of the first request, of the second, ...
-- ARGV: for each request the number of its buckets, then for each of them its interval and its depth in microseconds
-- Returns for each request 1 or 0, then for each of its buckets how far it is ahead of now in microseconds.
redis.set_repl(redis.REPL_NONE)
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local answer, key, arg = {}, 0, 1
while arg <= #ARGV do
  local count, admitted, ahead = tonumber(ARGV[arg]), 1, {}
  for i = 1, count do
    local interval, depth = tonumber(ARGV[arg + 2 * i - 1]), tonumber(ARGV[arg + 2 * i])
    local bucket = tonumber(redis.call('GET', KEYS[key + i]) or '0')
    ahead[i] = math.min(math.max(bucket - now, 0), depth)
    if ahead[i] + interval > depth then
      admitted = 0
    end
  end
  answer[#answer + 1] = admitted
  for i = 1, count do
    if admitted == 1 then
      ahead[i] = ahead[i] + tonumber(ARGV[arg + 2 * i - 1])
      local milliseconds = string.format('%.0f', math.ceil(ahead[i] / 1000))
      redis.call('SET', KEYS[key + i], string.format('%.0f', now + ahead[i]), 'PX', milliseconds)
    end
    answer[#answer + 1] = ahead[i]
  end
  key, arg = key + count, arg + 1 + 2 * count
end
return answer
