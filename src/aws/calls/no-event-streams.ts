/** Replaces `@smithy/core/event-streams` in the bundle for Secrets Manager. */
export class EventStreamSerde {
  constructor() {
    throw new Error('this program has no event streams');
  }
}

export const eventStreamSerdeProvider = undefined;
