import { errorWords, fill } from '@sekisho/core/errors.ts';
import { withNoun } from '@sekisho/core/errors/nouns.ts';
import { spokenMembers } from '@sekisho/core/errors/spoken-values.ts';
import { resolve4, resolve6, reverse } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Cli } from '../cli.ts';
import { AGENT_FOLDER_DEFAULT, agentFolder, serverFolder } from '../client/data-folder.ts';
import type { Lookups } from '../doctor/check-dns.ts';
import { checkNode, watchClock } from '../doctor/check-machine.ts';
import type { Finding, FindingParams } from '../doctor/finding.ts';
import { EXIT } from '../exit-codes.ts';
import { text } from '../flag.ts';
import { visible } from '../output/table.ts';
import { defineVerb } from '../verb.ts';

interface Part {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** `doctor` (S-02): what is wrong or risky, each with its mend. Exit code 1 when there is a fault. Nothing is changed. */
export const doctor = defineVerb({
  path: 'doctor',
  args: {},
  flags: { serverData: text('--server-data <dir>'), agentData: text('--agent-data <dir>') },
  examples: {
    plain: 'sekisho doctor',
    folder: 'sekisho doctor --server-data /srv/sekisho --json',
  },
  run: async ({ cli, flags }) => {
    const parts = await examine(cli, flags.serverData, flags.agentData);
    const all = parts.flatMap(({ findings }) => findings);
    const count = (state: Finding['state']): number => all.filter((one) => one.state === state).length;
    const counts = {
      faults: count('fault'),
      warnings: count('warning'),
      notices: count('notice'),
      oks: count('ok'),
    };
    return {
      json: {
        ...counts,
        parts: parts.map(({ title, findings }) => ({
          title,
          findings: findings.map((one) => view(cli, one)),
        })),
      },
      text: [
        ...parts.flatMap(({ title, findings }) => [
          cli.style.bold(title),
          ...findings.flatMap((finding) => lines(cli, finding)),
          '',
        ]),
        fill(cli.words.doctor.summary, counts),
      ],
      bare: String(counts.faults),
      exitCode: counts.faults > 0 ? EXIT.failed : EXIT.done,
    };
  },
});

async function examine(
  cli: Cli,
  serverData: string | undefined,
  agentData: string | undefined,
): Promise<Part[]> {
  const words = cli.words.doctor;
  const clockFindings = watchClock(cli.io.clock);
  const both = { environment: cli.io.env, clock: cli.io.clock, lookups, size: cli.format.bytes };
  const server = serverFolder(cli, serverData);
  const agent = agentFolder(cli, agentData);
  const parts: Part[] = [];
  const isNamed = serverData !== undefined || agentData !== undefined;
  if (serverData !== undefined || (!isNamed && existsSync(join(server, 'server.json')))) {
    const { checkServer } = await import('../doctor/check-server.ts');
    parts.push({
      title: fill(words.title.server, { folder: server }),
      findings: await checkServer({ ...both, folder: server }),
    });
  }
  if (agentData !== undefined || (!isNamed && existsSync(join(AGENT_FOLDER_DEFAULT, 'agent.json')))) {
    const { checkAgent } = await import('../doctor/check-agent.ts');
    parts.push({
      title: fill(words.title.agent, { folder: agent }),
      findings: await checkAgent({ ...both, folder: agent }),
    });
  }
  const nothing: Finding[] =
    parts.length > 0 ? [] : [{ check: 'folder', state: 'notice', code: 'nothingHere', params: {} }];
  return [
    {
      title: words.title.machine,
      findings: [...checkNode(process.versions.node), ...clockFindings(), ...nothing],
    },
    ...parts,
  ];
}

/** Words and mend of a finding; a refusal brings its own. */
function wordsOf(cli: Cli, finding: Finding): { words: string; mend: string } {
  if ('refusal' in finding) {
    const { words, hint } = errorWords(finding.refusal.code, finding.refusal.params, cli.language);
    return { words, mend: hint };
  }
  const { words, mend } = cli.words.doctor.findings[finding.code];
  const told = readable(cli, withNoun(cli.language, finding.params));
  return { words: fill(words, told), mend: fill(mend, told) };
}

/** Keys by what they are called, moments in the reader's time zone. */
function readable(cli: Cli, params: FindingParams): FindingParams {
  const roles = spokenMembers('KEY_DETACHED', 'role', cli.language) ?? {};
  const said = Object.entries(params).map(([name, value]) => {
    if (name === 'role') return [name, roles[value] ?? value] as const;
    const isMoment = typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value);
    return [name, isMoment ? cli.format.timeWithZone(Date.parse(value)) : value] as const;
  });
  return Object.fromEntries(said);
}

function view(cli: Cli, finding: Finding): object {
  const { words, mend } = wordsOf(cli, finding);
  return {
    check: finding.check,
    state: finding.state,
    code: 'refusal' in finding ? finding.refusal.code : finding.code,
    words,
    mend: mend === '' ? null : mend,
  };
}

function lines(cli: Cli, finding: Finding): string[] {
  const { words, mend } = wordsOf(cli, finding);
  const { checks, states } = cli.words.doctor;
  const paint = {
    ok: cli.style.green,
    notice: cli.style.dim,
    warning: cli.style.yellow,
    fault: cli.style.red,
  };
  return [
    `  ${paint[finding.state](states[finding.state])}  ${checks[finding.check]}: ${visible(words)}`,
    ...(mend === '' || finding.state === 'ok' ? [] : [`      ${cli.words.doctor.mend}: ${visible(mend)}`]),
  ];
}

const none = (): string[] => [];
/** The machine's own resolver. */
const lookups: Lookups = {
  forward: async (name) => [...(await resolve4(name).catch(none)), ...(await resolve6(name).catch(none))],
  reverse: (address) => reverse(address).catch(none),
};
