/** The library for programs that generate manifests. It uses no API of Node.js. */
export { annotate } from './annotate.ts';
export { type ClusterOptions, check, type Decision } from './check.ts';
export { annotations, type Receives, type Request, RequestError } from './request.ts';
export {
  type FileKeyOptions,
  type FileOptions,
  type FileValue,
  type KeyOptions,
  type Keys,
  Secret,
  type SecretVersion,
  secret,
  type TemplateOptions,
  type Value,
  type ValueOptions,
  type VariableKeyOptions,
  type WholeFileOptions,
} from './secret.ts';
