-- The listed names whose leases should have ended, at most so many.
-- KEYS: ends. ARGV: how many.
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now()), 'LIMIT', 0, ARGV[1])
