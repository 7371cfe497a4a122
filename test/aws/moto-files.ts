/** moto, an emulator of AWS that nobody of this project wrote. */
import { findPythonPackages, type PythonPackages } from '../setup/python-packages.ts';

const VERSION = '5.2.5';
// What moto's server needs besides moto itself. Its extra of that name brings what every service needs, in 300 MB.
const PACKAGES = [`moto==${VERSION}`, 'flask==3.1.3', 'flask-cors==6.0.5', 'werkzeug==3.1.9'];

/** @returns moto, or why it cannot be had */
export function findMoto(): Promise<PythonPackages | string> {
  const notice = `installing moto ${VERSION} for the AWS tests, about a minute, once`;
  return findPythonPackages(`moto-${VERSION}`, PACKAGES, notice);
}
