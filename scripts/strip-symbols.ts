/**
 * Removes what no program reads from the ELF file of Node.js: the symbol table and other sections that are not part of its
 * memory image, as `strip` does. It is 14 % of the file. The build cannot use `strip`, because that of binutils knows
 * one processor, and the executable is built for two.
 */

const LITTLE_ENDIAN_64 = [0x7f, 0x45, 0x4c, 0x46, 2, 1];
/** Flag of a section that is part of the memory image. */
const ALLOCATED = 2n;
/** Type of a section without bytes in the file, such as .bss. */
const NO_BYTES = 8;
/** Size of a section header, and offsets of its fields. */
const ENTRY = 64;
const FIELD = { type: 4, flags: 8, offset: 24, size: 32, link: 40, info: 44 };
const HEADER = { sections: 0x28, entrySize: 0x3a, count: 0x3c, names: 0x3e };

/**
 * @param file a 64-bit little-endian ELF file
 * @returns a file whose memory image is the same, byte for byte
 * @throws Error for any other file
 */
export function stripSymbols(file: Buffer): Buffer {
  if (LITTLE_ENDIAN_64.some((byte, index) => file[index] !== byte))
    throw new Error('not a 64-bit little-endian ELF file');
  if (file.readUInt16LE(HEADER.entrySize) !== ENTRY) throw new Error('unexpected size of section headers');
  const start = Number(file.readBigUInt64LE(HEADER.sections));
  const names = file.readUInt16LE(HEADER.names);
  const sections = Array.from({ length: file.readUInt16LE(HEADER.count) }, (_, index) =>
    Buffer.from(file.subarray(start + index * ENTRY, start + (index + 1) * ENTRY)),
  );
  const kept = [...sections.keys()].filter((index) => index === 0 || isAllocated(sections[index]));
  const end = Math.max(...kept.map((index) => endOf(sections[index])));
  if (sections.some((section, index) => index > 0 && !isAllocated(section) && offsetOf(section) < end))
    throw new Error('a section that is not part of the memory image lies within it');
  const table = sections[names];
  if (table === undefined) throw new Error('no names of sections');
  const nameBytes = file.subarray(offsetOf(table), endOf(table));
  table.writeBigUInt64LE(BigInt(end), FIELD.offset);
  kept.push(names);

  const headers = kept.map((index) => renumber(sections[index], kept));
  const padding = Buffer.alloc(-(end + nameBytes.length) & 7);
  const stripped = Buffer.concat([file.subarray(0, end), nameBytes, padding, ...headers]);
  stripped.writeBigUInt64LE(BigInt(end + nameBytes.length + padding.length), HEADER.sections);
  stripped.writeUInt16LE(kept.length, HEADER.count);
  stripped.writeUInt16LE(kept.length - 1, HEADER.names);
  return stripped;
}

/** Some sections refer to others by their position in the list. */
function renumber(section: Buffer | undefined, kept: readonly number[]): Buffer {
  if (section === undefined) throw new Error('no such section');
  const isRelocation = [4, 9].includes(section.readUInt32LE(FIELD.type));
  for (const field of isRelocation ? [FIELD.link, FIELD.info] : [FIELD.link]) {
    const at = kept.indexOf(section.readUInt32LE(field));
    if (at < 0) throw new Error('a section of the memory image refers to one that is not part of it');
    section.writeUInt32LE(at, field);
  }
  return section;
}

function isAllocated(section: Buffer | undefined): boolean {
  return section !== undefined && (section.readBigUInt64LE(FIELD.flags) & ALLOCATED) !== 0n;
}

function offsetOf(section: Buffer): number {
  return Number(section.readBigUInt64LE(FIELD.offset));
}

function endOf(section: Buffer | undefined): number {
  if (section === undefined || section.readUInt32LE(FIELD.type) === NO_BYTES) return 0;
  return offsetOf(section) + Number(section.readBigUInt64LE(FIELD.size));
}
