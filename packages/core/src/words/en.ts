import { access } from './en/access.ts';
import { accounts } from './en/accounts.ts';
import { applications } from './en/applications.ts';
import { packages } from './en/packages.ts';
import { serverLists } from './en/server-lists.ts';
import { audit } from './en/audit.ts';
import { revocations } from './en/revocation.ts';
import { certificates } from './en/certificates.ts';
import { demo } from './en/demo.ts';
import { doctor } from './en/doctor.ts';
import { groups } from './en/groups.ts';
import { health } from './en/health.ts';
import { help, labels, notes, nouns, states, units } from './en/labels.ts';
import { legacy } from './en/legacy.ts';
import { names } from './en/names.ts';
import { simulate } from './en/simulate.ts';
import { verbs } from './en/verbs.ts';
import { rotations } from './en/rotation.ts';
import { verification } from './en/verification.ts';

/** Everything the command line says in English; its shape is what Japanese must fill. */
export const en = {
  access,
  accounts,
  nouns,
  help,
  labels,
  states,
  units,
  notes,
  verbs,
  applications,
  packages,
  serverLists,
  audit,
  certificates,
  revocations,
  demo,
  doctor,
  groups,
  health,
  legacy,
  names,
  simulate,
  verification,
  rotations,
};

/** The words of one language. */
export type Words = typeof en;
