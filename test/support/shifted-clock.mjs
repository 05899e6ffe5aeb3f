// Preloaded into a process: sets its wall clock ahead by TEST_CLOCK_AHEAD_SECONDS; the monotonic clock stays right.
const real = Date.now
const ahead = Number(process.env.TEST_CLOCK_AHEAD_SECONDS) * 1000
Date.now = () => real() + ahead
