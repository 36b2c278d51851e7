#!lua
-- Creates a tenant and its first API key together, or neither; a repetition changes nothing.
-- KEYS: tenants set, tenant hash, keyring hash, API key hash, trail, journal
-- ARGV: tenant id, key id, key digest (hex); actor, action, request id, details of the trail's entry;
--   number of the values that follow for the tenant hash, these as field, value, ..., then those of the key hash
-- @include journal
local tenant_id, key_id, digest = ARGV[1], ARGV[2], ARGV[3]
local last = 8 + tonumber(ARGV[8])
if redis.call('HGET', KEYS[4], 'digest') == digest and redis.call('HGET', KEYS[4], 'tenant_id') == tenant_id
  and redis.call('EXISTS', KEYS[2]) == 1 then
  return redis.status_reply('OK')
end
if redis.call('EXISTS', KEYS[2], KEYS[3], KEYS[4], KEYS[5]) > 0 then
  return redis.error_reply('TAKEN tenant id or key id is already in use')
end
redis.call('SCARD', KEYS[1])
check_journal(KEYS[6])

redis.call('SADD', KEYS[1], tenant_id)
redis.call('HSET', KEYS[2], unpack(ARGV, 9, last))
redis.call('HSET', KEYS[4], unpack(ARGV, last + 1))
redis.call('HSET', KEYS[3], key_id, '1', 'revision', '1')
journal_tenant(KEYS[6], KEYS[2], tenant_id)
journal_key(KEYS[6], KEYS[4], tenant_id, key_id, 1)
tell(KEYS[6], KEYS[5], tenant_id, read_entry(4))
return redis.status_reply('OK')
