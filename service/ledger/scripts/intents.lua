-- Shared by the scripts that make, send and end intents. All fields of an intent are text, so that no number is rounded.
local function check_intents(intents, ...)
  redis.call('HLEN', intents)
  for _, zset in ipairs({...}) do
    redis.call('ZCARD', zset)
  end
end

-- The intent, if it is among those of the zset.
local function read_intent(intents, zset, id)
  local held = redis.call('ZSCORE', zset, id) and redis.call('HGET', intents, id)
  return held and cjson.decode(held)
end

local function write_intent(intents, id, intent)
  redis.call('HSET', intents, id, cjson.encode(intent))
end

local function enqueue(outbox, unsent, id, timestamp)
  redis.call('ZADD', outbox, timestamp, id)
  redis.call('ZADD', unsent, timestamp, id)
end

local function dequeue(outbox, unsent, id)
  redis.call('ZREM', outbox, id)
  redis.call('ZREM', unsent, id)
end
