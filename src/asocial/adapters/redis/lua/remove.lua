-- Uses shared/whole.lua.
-- Remove connections from a channel: a given one, or those whose time is over. Each is reported to one caller only.
-- KEYS: conns expiry users profiles joined stamp
-- ARGV: 'leave', connection   or   'sweep', most, farthest deadline ms from now, dead process...
-- Returns {ms until the next deadline (0: the channel is empty), {connection, user, last, user_count, epoch, seq}...}
local conns, expiry, users, profiles, joined, stamp = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

if not is_whole(conns, expiry, users, profiles, joined) then
  -- Who left cannot be told from what is lost. A new epoch begins, and clients get the people who are registered again.
  redis.call('DEL', unpack(KEYS))
  return {0}
end

-- A damaged count is no count.
local function count(key, field) return tonumber(redis.call('HGET', key, field) or 0) or 0 end

local gone = {}
if ARGV[1] == 'leave' then
  gone[1] = ARGV[2]
else
  local most, farthest = tonumber(ARGV[2]), now + ARGV[3]
  -- A deadline that is too far away was set before this clock was set back: it is brought closer.
  for _, connection in ipairs(redis.call('ZRANGE', expiry, '(' .. farthest, '+inf', 'BYSCORE', 'LIMIT', 0, most)) do
    redis.call('ZADD', expiry, farthest, connection)
  end
  gone = redis.call('ZRANGE', expiry, '-inf', now, 'BYSCORE', 'LIMIT', 0, most)
  if #ARGV > 3 and #gone < most then
    local dead, named = {}, {}
    for i = 4, #ARGV do dead[ARGV[i]] = true end
    for _, connection in ipairs(gone) do named[connection] = true end
    local all = redis.call('HGETALL', conns)
    for i = 1, #all, 2 do
      if #gone >= most then break end
      local mark, process = string.match(all[i + 1], '^(.)(%S+) ')
      -- An abandoned connection keeps its deadline: its client may have been asked to stay away for a while.
      if mark == '+' and dead[process] and not named[all[i]] then gone[#gone + 1] = all[i] end
    end
  end
end

local answer = {0}
for _, connection in ipairs(gone) do
  local entry = redis.call('HGET', conns, connection)
  redis.call('ZREM', expiry, connection)
  if entry then
    redis.call('HDEL', conns, connection)
    -- An unreadable entry belongs to no user: it is removed and not reported.
    local user = string.match(entry, '^.%S+ (.*)$')
    if user then
      local last, left = 0, count(users, user) - 1
      if left < 1 then
        last = 1
        redis.call('HDEL', users, user)
        redis.call('HDEL', profiles, user)
        redis.call('ZREM', joined, user)
        redis.call('HSET', stamp, 'seq', count(stamp, 'seq') + 1)
      else
        redis.call('HSET', users, user, left)
      end
      local epoch = redis.call('HGET', stamp, 'epoch') or ''
      answer[#answer + 1] = {connection, user, last, redis.call('HLEN', users), epoch, count(stamp, 'seq')}
    end
  end
end

local first = redis.call('ZRANGE', expiry, 0, 0, 'WITHSCORES')[2]
if first then
  answer[1] = math.max(1, tonumber(first) - now)
else
  -- The next join starts a new epoch.
  redis.call('DEL', unpack(KEYS))
end
return answer
