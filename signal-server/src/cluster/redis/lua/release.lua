-- Releases leases, each only if this claim still holds it.
-- KEYS: epoch, listed, ends, lease... ARGV: node, PUBLISH or SPUBLISH, presence channels' prefix, for how many more
-- milliseconds whoever shows the key or the token finds the name reserved (0: it is free at once), then for each lease:
-- number, name.
local node, reserved = ARGV[1], tonumber(ARGV[4])
for i = 4, #KEYS do
    local number, name = ARGV[5 + (i - 4) * 2], ARGV[6 + (i - 4) * 2]
    local lease = read(KEYS[i])
    if lease and lease.node == node and lease.number == number then
        if reserved > 0 and (lease.key ~= '-' or lease.token ~= '-') then
            local rest = math.min(reserved, redis.call('PTTL', KEYS[i]))
            redis.call('PEXPIRE', KEYS[i], rest)
            if lease.listed == '1' then
                redis.call('ZADD', KEYS[3], string.format('%.0f', now() + rest), name)
            end
        else
            redis.call('DEL', KEYS[i])
            local epoch = next_epoch(KEYS[1])
            if lease.listed == '1' then
                redis.call('ZREM', KEYS[2], name)
                redis.call('ZREM', KEYS[3], name)
                redis.call(ARGV[2], ARGV[3] .. name, node .. ' ' .. epoch .. ' 0')
            end
        end
    end
end
return #KEYS - 3
