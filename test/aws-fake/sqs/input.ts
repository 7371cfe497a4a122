import { AwsError } from '../aws-error.ts';

/** The input of an SQS request: a JSON object of which each operation reads its members. */
export type SqsInput = Readonly<Record<string, unknown>>;

/** A member that must be a text. */
export function textOf(input: SqsInput, member: string): string {
  const value = input[member];
  if (typeof value === 'string') return value;
  throw new AwsError('MissingParameter', `The request must contain the parameter ${member}.`);
}

/** A number between two limits, or undefined if the member is missing. */
export function numberOf(input: SqsInput, member: string, least: number, most: number): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new AwsError(
    'InvalidParameterValue',
    `Value ${String(value)} for parameter ${member} is invalid. Reason: Must be between ${least} and ${most}, if provided.`,
  );
}

/** The entries of a batch, which have ids. */
export function entriesOf(input: SqsInput): readonly SqsInput[] {
  const value = input['Entries'];
  const entries = Array.isArray(value)
    ? value.filter((entry) => typeof entry === 'object' && entry !== null)
    : [];
  if (entries.length === 0) {
    throw new AwsError(
      'EmptyBatchRequest',
      'There should be at least one DeleteMessageBatchRequestEntry in the request.',
    );
  }
  if (entries.length > 10) {
    throw new AwsError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const ids = entries.map((entry: SqsInput) => textOf(entry, 'Id'));
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) throw new AwsError('BatchEntryIdsNotDistinct', `Id ${repeated} repeated.`);
  return entries;
}

/** The names of a list member. */
export function namesOf(input: SqsInput, member: string): readonly string[] {
  const value = input[member];
  return Array.isArray(value) ? value.map(String) : [];
}
