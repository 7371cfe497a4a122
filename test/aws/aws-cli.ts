/** The AWS CLI as AWS publishes it for Python. */
import { findPythonPackages, type PythonPackages } from '../setup/python-packages.ts';

const VERSION = '1.46.2';

/** @returns the AWS CLI, or why it cannot be had */
export function findAwsCli(): Promise<PythonPackages | string> {
  const notice = `installing the AWS CLI ${VERSION} for the tests of the guides, about a minute, once`;
  return findPythonPackages(`awscli-${VERSION}`, [`awscli==${VERSION}`], notice);
}

/** The shell command that runs it. */
export function awsCommand({ python, folder }: PythonPackages): string {
  return `env PYTHONPATH='${folder}' ${python} -m awscli`;
}
