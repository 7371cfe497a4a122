/** A CPU profile of V8, as it writes it. Times are microseconds on the monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  /** The node of each sample. */
  readonly samples: readonly number[];
  /** The time of each sample since the one before it. */
  readonly timeDeltas: readonly number[];
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

/** A function. Line and column begin at 0, and are -1 if it is not JavaScript. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** A part of the time. */
export interface Window {
  readonly from: number;
  readonly to: number;
}
