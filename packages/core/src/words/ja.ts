import type { Words } from './en.ts';
import { access } from './ja/access.ts';
import { accounts } from './ja/accounts.ts';
import { applications } from './ja/applications.ts';
import { packages } from './ja/packages.ts';
import { serverLists } from './ja/server-lists.ts';
import { audit } from './ja/audit.ts';
import { revocations } from './ja/revocation.ts';
import { certificates } from './ja/certificates.ts';
import { demo } from './ja/demo.ts';
import { doctor } from './ja/doctor.ts';
import { groups } from './ja/groups.ts';
import { health } from './ja/health.ts';
import { help, labels, notes, nouns, states, units } from './ja/labels.ts';
import { legacy } from './ja/legacy.ts';
import { names } from './ja/names.ts';
import { simulate } from './ja/simulate.ts';
import { verbs } from './ja/verbs.ts';
import { rotations } from './ja/rotation.ts';
import { verification } from './ja/verification.ts';

/** Everything the command line says in Japanese; a missing text does not compile. */
export const ja: Words = {
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
