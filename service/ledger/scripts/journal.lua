-- Shared by the scripts that change money or identity: they tell the journal of it as they do it (see journal.py).
-- A script calls check_journal before it writes anything; nothing else here can fail after that.
local function check_journal(journal, trail)
  redis.call('XLEN', journal)
  if trail then
    redis.call('XLEN', trail)
  end
end

local function journal_entry(journal, kind, tenant_id, ...)
  redis.call('XADD', journal, '*', 'kind', kind, 'tenant_id', tenant_id, ...)
end

-- A hash as JSON, without the one field that is not worth keeping.
local function hash_text(key, without)
  local flat, fields = redis.call('HGETALL', key), {}
  for index = 1, #flat, 2 do
    if flat[index] ~= without then
      fields[flat[index]] = flat[index + 1]
    end
  end
  return cjson.encode(fields)
end

local function journal_tenant(journal, key, tenant_id)
  journal_entry(journal, 'tenant', tenant_id, 'fields', hash_text(key))
end

local function journal_key(journal, key, tenant_id, key_id, revision)
  journal_entry(journal, 'key', tenant_id, 'key_id', key_id, 'revision', revision,
    'fields', hash_text(key, 'last_used_at'))
end

-- Appends to the tenant's audit trail, and to the journal with the id that the trail gave it.
local function tell(journal, trail, tenant_id, entry)
  local fields = {'actor', entry.actor, 'action', entry.action, 'request_id', entry.request_id,
    'details', entry.details}
  if entry.changes then
    fields[#fields + 1] = 'changes'
    fields[#fields + 1] = entry.changes
  end
  local id = redis.call('XADD', trail, '*', unpack(fields))
  journal_entry(journal, 'audit', tenant_id, 'id', id, unpack(fields))
end

-- An entry of the trail from four arguments: actor, action, request id, details.
local function read_entry(first)
  return {actor = ARGV[first], action = ARGV[first + 1], request_id = ARGV[first + 2], details = ARGV[first + 3]}
end
