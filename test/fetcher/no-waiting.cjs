// Preloaded into the fetcher: a pause is over at once, and the clock says that it has passed.
const timers = require('node:timers/promises');

const now = performance.now.bind(performance);
let skipped = 0;
performance.now = () => now() + skipped;
timers.setTimeout = async (milliseconds) => {
  skipped += milliseconds;
};
