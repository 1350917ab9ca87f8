import { fill } from '@sekisho/core/errors.ts';
import { resolve } from 'node:path';
import { note } from '../../cli.ts';
import { AGENT_FOLDER_DEFAULT, SERVER_FOLDER_DEFAULT } from '../../client/data-folder.ts';
import { chosen, text } from '../../flag.ts';
import { systemdUnit } from '../../service/systemd-unit.ts';
import { defineVerb } from '../../verb.ts';

const PROGRAM_DEFAULT = '/usr/bin/sekisho';
const ROLES = ['server', 'agent'] as const;

/** `service print`: the systemd unit of a role, with the right paths, on standard output. */
export const servicePrint = defineVerb({
  path: 'service print',
  args: { role: '<role>' },
  flags: {
    data: text('--data <dir>'),
    program: { ...text('--program <file>'), defaultText: PROGRAM_DEFAULT },
    kekFile: text('--kek-file <file>'),
  },
  examples: {
    server: 'sekisho service print server > sekisho-server.service',
    agent: 'sekisho service print agent --program /opt/sekisho/bin/sekisho > sekisho-agent.service',
    kek: 'sekisho service print server --kek-file /etc/credstore/sekisho-kek',
  },
  run: ({ cli, args, flags }) => {
    const role = chosen(args.role ?? '', '<role>', ROLES);
    const here = (path: string): string => resolve(cli.io.cwd, path);
    const unit = systemdUnit(role, {
      program: here(flags.program ?? PROGRAM_DEFAULT),
      data: here(flags.data ?? (role === 'server' ? SERVER_FOLDER_DEFAULT : AGENT_FOLDER_DEFAULT)),
      kekFile: flags.kekFile === undefined ? undefined : here(flags.kekFile),
    });
    note(cli, fill(cli.words.notes.unitNext, { role }));
    return Promise.resolve({ json: { role, unit }, bare: unit.trimEnd(), text: unit.trimEnd().split('\n') });
  },
});
