/**
 * For programs that a test gives an environment of its own: the folder of compiled code that all processes of the test run
 * share (tools/run-tests.ts), or nothing outside such a run.
 */
export function compileCache(): Readonly<Record<string, string>> {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
