/**
 * A valid name of an AWS session. STS allows 2 to 64 letters, digits and `_+=,.@-` (AssumeRoleWithWebIdentity,
 * `RoleSessionName`): other characters become `-`, longer names are cut and shorter ones are padded.
 */
export function validSessionName(text: string): string {
  return text
    .replace(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-');
}
