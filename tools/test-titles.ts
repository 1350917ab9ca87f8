import ts from 'typescript';
import { readText, testFiles } from './source-files.ts';

/** A test's title as it stands in the source; `…` stands for what a table or a template fills in. */
export interface TestTitle {
  readonly file: string;
  readonly title: string;
  /** Requirement IDs that the title names: `T-13`, `P-02` … */
  readonly ids: readonly string[];
}

const ID = /\b[TFHPAS]-\d{2}\b/g;
const BEGINS_WITH_ID = /^[TFHPAS]-\d{2}\b/;
const TEST_FUNCTIONS = new Set(['test', 'it', 'describe', 'suite']);

/** Titles of all tests that name a requirement, in file order. */
export function testTitles(root: string): TestTitle[] {
  return testFiles(root).flatMap((file) => titlesIn(file, readText(root, file)));
}

/**
 * Titles in one source: the first argument of a test function, and every text that begins with an ID (the rows of table
 * tests carry their titles themselves).
 */
export function titlesIn(file: string, source: string): TestTitle[] {
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    const text = literalText(node);
    if (text !== undefined && (BEGINS_WITH_ID.test(text) || (isTitle(node) && text.match(ID) !== null))) {
      titles.add(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true));
  return [...titles].map((title) => ({ file, title, ids: [...new Set(title.match(ID) ?? [])] }));
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('');
}

function isTitle(node: ts.Node): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || call.arguments[0] !== node) return false;
  const callee = ts.isPropertyAccessExpression(call.expression) ? call.expression.name : call.expression;
  return ts.isIdentifier(callee) && TEST_FUNCTIONS.has(callee.text);
}
