-- Who of these can be seen to be online. KEYS: epoch, lease... Returns the epoch as of which it is so, and for each the
-- node that they are on, or nothing.
local time = redis.call('TIME')
local states = { redis.call('GET', KEYS[1]) or string.format('%.0f', time[1] * 1000000 + time[2]) }
for i = 2, #KEYS do
    local lease = read(KEYS[i])
    states[i] = lease and lease.listed == '1' and lease.node or ''
end
return states
