// Preloaded into a process: ends it at the n-th change to the file system beneath a folder, before the change is made.
const fs = require('node:fs');

const [folder, nth, signal] = [process.env.KILL_UNDER, Number(process.env.KILL_AT), process.env.KILL_WITH];
const descriptors = new Set();
let seen = 0;

function step() {
  seen += 1;
  if (seen === nth) process.kill(process.pid, signal);
}

for (const name of ['mkdirSync', 'symlinkSync', 'renameSync', 'unlinkSync', 'rmSync', 'openSync']) {
  const original = fs[name];
  fs[name] = (...args) => {
    // A link's own place is its second argument.
    const place = String(name === 'symlinkSync' ? args[1] : args[0]);
    const inside = place.startsWith(folder);
    if (inside && name !== 'openSync') step();
    const result = original(...args);
    if (inside && name === 'openSync') descriptors.add(result);
    return result;
  };
}
for (const name of ['writeFileSync', 'fchmodSync', 'fsyncSync', 'closeSync']) {
  const original = fs[name];
  fs[name] = (...args) => {
    if (descriptors.has(args[0])) step();
    return original(...args);
  };
}
process.on('exit', (code) => {
  if (code === 0) fs.writeSync(2, `steps=${seen}\n`);
});
