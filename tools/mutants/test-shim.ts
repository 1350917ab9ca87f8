/**
 * Stands in for `node:test` in a test host: keeps the tests of a file, so that they can be run again and again. What the
 * tests of a target use of `node:test`, and no more: another name fails when the file is loaded.
 */
type Act = () => unknown;

export interface KeptTest {
  /** With a number before it: Stryker tells tests by it, and one title may come twice. */
  readonly title: string;
  readonly act: Act;
}

export const kept: { readonly tests: KeptTest[]; readonly before: Act[]; readonly after: Act[] } = {
  tests: [],
  before: [],
  after: [],
};

export const test = (title: string, act: Act): void =>
  void kept.tests.push({ title: `${kept.tests.length + 1}. ${title}`, act });
export const before = (act: Act): void => void kept.before.push(act);
export const after = (act: Act): void => void kept.after.push(act);
// eslint-disable-next-line no-restricted-exports -- as node:test, which some tests import so
export default test;
