-- Renews leases, each only if this claim still holds it. One that Redis has lost before its time is made anew when
-- nobody else has the name; one that has ended is not, however late this is executed.
-- KEYS: epoch, listed, ends, lease... ARGV: node, milliseconds, PUBLISH or SPUBLISH, presence channels' prefix, then for
-- each lease: number, name, listed, key, token, when it ends.
-- Returns when the leases end now, and for each its epoch, or 0 when it is lost.
local node, milliseconds = ARGV[1], ARGV[2]
local at = now()
local ends = string.format('%.0f', at + milliseconds)
local renewed = { ends }
for i = 4, #KEYS do
    local first = 5 + (i - 4) * 6
    local number, name, listed = ARGV[first], ARGV[first + 1], ARGV[first + 2]
    local lease = read(KEYS[i])
    if lease and lease.node == node and lease.number == number then
        redis.call('PEXPIRE', KEYS[i], milliseconds)
        if listed == '1' then
            redis.call('ZADD', KEYS[3], ends, name)
        end
        renewed[#renewed + 1] = lease.epoch
    elseif not lease and at < tonumber(ARGV[first + 5]) then
        local epoch = next_epoch(KEYS[1])
        local value = table.concat({ node, number, epoch, listed, ARGV[first + 3], ARGV[first + 4] }, ' ')
        redis.call('SET', KEYS[i], value, 'NX', 'PX', milliseconds)
        if listed == '1' then
            redis.call('ZADD', KEYS[2], 0, name)
            redis.call('ZADD', KEYS[3], ends, name)
            redis.call(ARGV[3], ARGV[4] .. name, node .. ' ' .. epoch .. ' 1')
        end
        renewed[#renewed + 1] = epoch
    else
        renewed[#renewed + 1] = '0'
    end
end
return renewed
