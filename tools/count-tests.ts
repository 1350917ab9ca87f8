import { relative } from 'node:path';
import type { EventData } from 'node:test';

type Counted =
  | { readonly type: 'test:fail'; readonly data: EventData.TestFail }
  | { readonly type: 'test:summary'; readonly data: EventData.TestSummary }
  | { readonly type: 'other' };

/** A reporter of node's test runner: how many tests a file had and which failed, as JSON for run-test-files.ts. */
async function* countTests(source: AsyncIterable<Counted>): AsyncGenerator<string> {
  const failures: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:fail' && event.data.details.type !== 'suite' && event.data.todo === undefined) {
      const { name, file, line } = event.data;
      failures.push(`${name}${file === undefined ? '' : ` (${relative(process.cwd(), file)}:${line})`}`);
    }
    if (event.type === 'test:summary') yield JSON.stringify({ ...event.data.counts, failures });
  }
}

export { countTests as default };
