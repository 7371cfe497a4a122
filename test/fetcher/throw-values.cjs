// Preloaded into the fetcher: something fails while it holds values, with an error that quotes them.
const fs = require('node:fs');

const { THROW_AT, THROW_CODE } = process.env;
if (THROW_AT === 'write') {
  const write = fs.writeFileSync;
  fs.writeFileSync = (file, bytes, ...rest) => {
    write(file, bytes.subarray(0, bytes.length / 2), ...rest);
    throw Object.assign(new Error(Buffer.from(bytes).toString()), { code: THROW_CODE });
  };
} else if (THROW_AT === 'render') {
  String.prototype.isWellFormed = function quoteItself() {
    throw new Error(String(this));
  };
}
