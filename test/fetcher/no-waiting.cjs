// Preloaded into the fetcher: a pause is over at once, and the clocks say that it has passed.
const timers = require('node:timers/promises');

const now = performance.now.bind(performance);
const uptime = process.uptime.bind(process);
let skipped = 0;
performance.now = () => now() + skipped;
process.uptime = () => uptime() + skipped / 1000;
timers.setTimeout = async (milliseconds) => {
  skipped += milliseconds;
};
