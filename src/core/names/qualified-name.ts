/** The rule of Kubernetes for the part of a key after its slash (k8s.io/apimachinery, `IsQualifiedName`). */

const LONGEST = 63;

/** @returns what is wrong with the part after the slash, or undefined if the API server accepts it */
export function qualifiedNameFault(name: string): string | undefined {
  if (name.length > LONGEST)
    return `the key has ${name.length} characters after the slash, and Kubernetes allows ${LONGEST}`;
  if (!/^[A-Za-z0-9._-]*$/.test(name))
    return 'the key contains a character other than letters, digits, "-", "_" and "."';
  const last = name.at(-1) ?? '';
  return /^[A-Za-z0-9]$/.test(last)
    ? undefined
    : `the key ends with "${last}", and Kubernetes requires a letter or digit`;
}
