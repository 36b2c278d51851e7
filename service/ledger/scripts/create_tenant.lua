#!lua
-- Creates a tenant and its first API key together, or neither.
-- KEYS: tenants set, tenant hash, API key hash
-- ARGV: tenant id, API key digest (hex), then field, value, ... of the tenant hash
if redis.call('EXISTS', KEYS[2], KEYS[3]) > 0 then
  return redis.error_reply('TAKEN tenant id or key id is already in use')
end
redis.call('SCARD', KEYS[1])
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], unpack(ARGV, 3))
redis.call('HSET', KEYS[3], 'tenant_id', ARGV[1], 'digest', ARGV[2])
return redis.status_reply('OK')
