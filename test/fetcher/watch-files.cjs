// Preloaded into a process: names on stderr every file that it opens.
const fs = require('node:fs');

const tell = (file) => fs.writeSync(2, `opened ${file}\n`);
for (const holder of [fs, fs.promises]) {
  for (const name of ['open', 'openSync', 'readFile', 'readFileSync', 'createReadStream']) {
    const original = holder[name];
    if (original === undefined) continue;
    holder[name] = (file, ...rest) => {
      tell(file);
      return original.call(holder, file, ...rest);
    };
  }
}
