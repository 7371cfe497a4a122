/** Results as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for code scanning and editors. */
import path from 'node:path';
import { VERSION } from '../../runtime/version.ts';
import type { ReportPlace, ReportResult, ReportRule } from './result.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** The base of relative paths: the root of the repository. */
const ROOT = '%SRCROOT%';
/** Changes when fingerprints of the same findings change. */
const FINGERPRINT = 'awsSecretsInjector/v1';

/**
 * Formats one run with all results. Results of a rule that is not listed keep its name only.
 * @param isComplete whether everything could be checked
 */
export function formatSarif(
  rules: readonly ReportRule[],
  results: readonly ReportResult[],
  isComplete = true,
): string {
  const places = new Map(rules.map(({ id }, index) => [id, index]));
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'aws-secrets-injector', version: VERSION, rules: rules.map(describeRule) },
        },
        invocations: [{ executionSuccessful: isComplete }],
        columnKind: 'utf16CodeUnits',
        results: results.map((result) => describeResult(result, places.get(result.rule))),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function describeRule({ id, summary, help, page, level }: ReportRule): object {
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: summary },
    help: { text: `${help} See ${page}.` },
    defaultConfiguration: { level },
  };
}

function describeResult(result: ReportResult, ruleIndex: number | undefined): object {
  const { rule, level, message, place, object, fingerprint } = result;
  const logical =
    object === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: object, kind: 'object' }] };
  const physical = place === undefined ? {} : { physicalLocation: physicalLocation(place) };
  const location = { ...physical, ...logical };
  return {
    ruleId: rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level,
    message: { text: message },
    ...(Object.keys(location).length === 0 ? {} : { locations: [location] }),
    ...(fingerprint === undefined ? {} : { partialFingerprints: { [FINGERPRINT]: fingerprint } }),
  };
}

function physicalLocation({ file, line, column }: ReportPlace): object {
  return { artifactLocation: artifactLocation(file), region: { startLine: line, startColumn: column } };
}

/** Code scanning finds files by their path below the root of the repository. */
function artifactLocation(file: string): object {
  if (file === '-') return { uri: 'stdin' };
  const uri = path.posix.normalize(file.replaceAll('\\', '/')).split('/').map(encodeURIComponent).join('/');
  if (path.isAbsolute(file)) return { uri: `file://${uri}` };
  return { uri, uriBaseId: ROOT };
}
