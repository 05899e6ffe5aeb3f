// Preloaded by a process whose wall clock is to be wrong by TEST_CLOCK_AHEAD_SECONDS; its monotonic clock is right.
const real = Date.now
const ahead = Number(process.env.TEST_CLOCK_AHEAD_SECONDS) * 1000
Date.now = () => real() + ahead
