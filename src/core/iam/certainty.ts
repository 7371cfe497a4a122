/** Whether something holds, where a part of what decides it may not be known. */

export type Certainty = 'yes' | 'no' | 'unknown';

/** Whether all hold. */
export function allOf(parts: Iterable<Certainty>): Certainty {
  let result: Certainty = 'yes';
  for (const part of parts) {
    if (part === 'no') return 'no';
    if (part === 'unknown') result = 'unknown';
  }
  return result;
}

/** Whether at least one holds. */
export function anyOf(parts: Iterable<Certainty>): Certainty {
  let result: Certainty = 'no';
  for (const part of parts) {
    if (part === 'yes') return 'yes';
    if (part === 'unknown') result = 'unknown';
  }
  return result;
}

export function not(part: Certainty): Certainty {
  return part === 'unknown' ? 'unknown' : part === 'yes' ? 'no' : 'yes';
}

export function certain(holds: boolean): Certainty {
  return holds ? 'yes' : 'no';
}
