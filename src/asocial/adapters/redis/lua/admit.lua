-- Whether a message, a draft, a stroke or a new name may be shown now: all limits in one call. What is refused is not
-- counted.
-- The same rules as domain/admission.py and domain/fairness.py, on Redis's clock.
-- KEYS: 1 claim of (channel, user, message id); 2 slot of a slow channel: "ms draft id"; 3 the user's draft, or stroke
--       being drawn, that is counted; 4 and 5 times of the user's and the address's minute (lists, oldest first); 6 the
--       channel's second: "ms address" (list); 7 how many of those are of each address (hash); 8 and 9 the channel's
--       messages of even and odd minutes (hashes): m the minute, t all, a addresses, then for each address
--       "m:address" messages, "n:address" users, "u:address user" messages; 10 times of the user's strokes (list)
-- ARGV: 1 kind, 2 message id, 3 user, 4 address, 5 slow ms, 6 user's limit, 7 address's limit, 8 channel's limit,
--       9 ms that a draft stays counted, 10 value of the claim, 11 ms that the claim holds, 12 limit of the user's
--       strokes, 0 if this is none
-- Returns {}: admitted; {claim}: admitted before; {ms, limit}: refused, and the ms until it can be admitted.
local kind, message, user, address = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local slow, by_user, by_address, by_channel =
  tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local by_strokes = tonumber(ARGV[12])
local SECOND, MINUTE = 1000, 60000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function decide()
  if kind == 'chat' then
    local claim = redis.call('GET', KEYS[1])
    if claim then return {claim} end
  end
  local counted = kind ~= 'name' and redis.call('GET', KEYS[3]) == message
  if counted and kind == 'draft' then return {} end

  local wait, limit = 0, ''
  local function refuse(ms, name)
    if ms > wait then wait, limit = ms, name end
  end

  if slow > 0 then
    local slot = redis.call('GET', KEYS[2])
    if slot then
      local taken, holder = string.match(slot, '^(%d+) (.*)$')
      if kind == 'name' or holder ~= message then refuse(math.min(tonumber(taken), now) + slow - now, 'slow') end
    end
  end

  local function window(key, most, name)
    -- The clock was set back: earlier times count as now, so that nobody waits longer than a minute.
    if (tonumber(redis.call('LINDEX', key, -1) or now)) > now then
      for place = 0, redis.call('LLEN', key) - 1 do redis.call('LSET', key, place, now) end
    end
    local first = tonumber(redis.call('LINDEX', key, 0))
    while first and first <= now - MINUTE do
      redis.call('LPOP', key)
      first = tonumber(redis.call('LINDEX', key, 0))
    end
    if redis.call('LLEN', key) >= most then refuse(math.max(1, first + MINUTE - now), name) end
  end
  if by_user > 0 and not counted then window(KEYS[4], by_user, 'user') end
  if by_address > 0 and not counted then window(KEYS[5], by_address, 'address') end
  if by_strokes > 0 and not counted then window(KEYS[10], by_strokes, 'strokes') end

  local fair = by_channel > 0 and kind == 'chat'
  local this_minute, last_minute
  if fair then
    local times, recent = KEYS[6], KEYS[7]
    local last = redis.call('LINDEX', times, -1)
    if last and tonumber(string.match(last, '^%d+')) > now then redis.call('DEL', times, recent) end
    local first = redis.call('LINDEX', times, 0)
    while first and tonumber(string.match(first, '^%d+')) <= now - SECOND do
      redis.call('LPOP', times)
      local of = string.match(first, ' (.*)$')
      if redis.call('HINCRBY', recent, of, -1) < 1 then redis.call('HDEL', recent, of) end
      first = redis.call('LINDEX', times, 0)
    end
    local taken = redis.call('LLEN', times)
    if taken == 0 then redis.call('DEL', recent) end

    local minute = math.floor(now / MINUTE)
    local weight = 1 - now % MINUTE / MINUTE
    this_minute, last_minute = KEYS[8 + minute % 2], KEYS[9 - minute % 2]
    if tonumber(redis.call('HGET', this_minute, 'm')) ~= minute then
      redis.call('DEL', this_minute)
      redis.call('HSET', this_minute, 'm', minute)
      redis.call('PEXPIRE', this_minute, 2 * MINUTE)
    end
    -- No sender must leave more than three quarters free.
    if taken * 4 > by_channel then
      local fields = {'t', 'a', 'm:' .. address, 'n:' .. address, 'u:' .. address .. ' ' .. user}
      local used = redis.call('HMGET', this_minute, unpack(fields))
      local before = {}
      if tonumber(redis.call('HGET', last_minute, 'm')) == minute - 1 then
        before = redis.call('HMGET', last_minute, unpack(fields))
      end
      local function sum(i) return (tonumber(used[i]) or 0) + (tonumber(before[i]) or 0) * weight end
      local function most(i) return math.max(tonumber(used[i]) or 0, (tonumber(before[i]) or 0) * weight) end
      local function held_back(own, total, senders)
        if own <= 0 or senders <= 1 then return 0 end
        local heaviness = (own * senders / total) ^ 1.5
        return heaviness / (heaviness + 9)
      end
      local alone = most(2) <= 1
      local leave = math.max(
        (tonumber(redis.call('HGET', recent, address)) or 0) / (alone and 4 or 1),
        by_channel / 2 * held_back(sum(3), sum(1), most(2))
      ) + by_channel / 4 * held_back(sum(5), sum(3), most(4))
      local missing = taken + math.max(1, math.ceil(leave)) - by_channel
      if missing > 0 then
        local free_at = redis.call('LINDEX', times, math.min(missing, taken) - 1)
        refuse(math.max(1, tonumber(string.match(free_at, '^%d+')) + SECOND - now), 'channel')
      end
    end
  end
  if wait > 0 then return {wait, limit} end

  if by_user > 0 and not counted then
    redis.call('RPUSH', KEYS[4], now)
    redis.call('PEXPIRE', KEYS[4], MINUTE)
  end
  if by_address > 0 and not counted then
    redis.call('RPUSH', KEYS[5], now)
    redis.call('PEXPIRE', KEYS[5], MINUTE)
  end
  if by_strokes > 0 and not counted then
    redis.call('RPUSH', KEYS[10], now)
    redis.call('PEXPIRE', KEYS[10], MINUTE)
  end
  if slow > 0 then
    redis.call('SET', KEYS[2], now .. ' ' .. (kind == 'draft' and message or ''), 'PX', slow)
  end
  if kind == 'draft' then
    redis.call('SET', KEYS[3], message, 'PX', ARGV[9])
  elseif kind == 'chat' then
    if counted then redis.call('DEL', KEYS[3]) end
    redis.call('SET', KEYS[1], ARGV[10], 'PX', ARGV[11])
  end
  if fair then
    redis.call('RPUSH', KEYS[6], now .. ' ' .. address)
    redis.call('PEXPIRE', KEYS[6], SECOND)
    redis.call('HINCRBY', KEYS[7], address, 1)
    redis.call('PEXPIRE', KEYS[7], SECOND)
    redis.call('HINCRBY', this_minute, 't', 1)
    if redis.call('HINCRBY', this_minute, 'm:' .. address, 1) == 1 then redis.call('HINCRBY', this_minute, 'a', 1) end
    if redis.call('HINCRBY', this_minute, 'u:' .. address .. ' ' .. user, 1) == 1 then
      redis.call('HINCRBY', this_minute, 'n:' .. address, 1)
    end
  end
  return {}
end

local ok, answer = pcall(decide)
if not ok then
  -- A key of another type or a damaged value was not written by us: it counts as absent.
  redis.call('DEL', unpack(KEYS))
  answer = decide()
end
return answer
