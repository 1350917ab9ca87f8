import * as administrators from './administrators.ts';
import * as agent from './agent.ts';
import * as apiKeys from './api-keys.ts';
import * as applications from './applications.ts';
import * as audit from './audit.ts';
import * as clusters from './clusters.ts';
import * as database from './database.ts';
import * as documentation from './documentation.ts';
import * as events from './events.ts';
import * as groups from './groups.ts';
import * as jobs from './jobs.ts';
import * as legacy from './legacy.ts';
import * as manual from './manual.ts';
import * as names from './names.ts';
import * as oidc from './oidc.ts';
import * as packages from './packages.ts';
import * as passkeys from './passkeys.ts';
import * as plans from './plans.ts';
import * as points from './points.ts';
import * as relay from './relay.ts';
import * as renewals from './renewals.ts';
import * as root from './root.ts';
import * as rotations from './rotations.ts';
import type { Route } from './route.ts';
import * as serverLists from './server-lists.ts';
import * as signIn from './sign-in.ts';
import * as switchVerification from './switch-verification.ts';
import * as tasks from './tasks.ts';
import * as trust from './trust.ts';

/** The modules that declare routes, by file name; a guard test knows when one is missing. */
export const WIRE_MODULES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  administrators,
  agent,
  'api-keys': apiKeys,
  applications,
  audit,
  clusters,
  database,
  documentation,
  events,
  groups,
  jobs,
  legacy,
  manual,
  names,
  oidc,
  packages,
  passkeys,
  plans,
  points,
  relay,
  renewals,
  root,
  rotations,
  'server-lists': serverLists,
  'sign-in': signIn,
  'switch-verification': switchVerification,
  tasks,
  trust,
};

/** A declared route with the name it is exported under. */
export interface NamedRoute {
  readonly module: string;
  readonly name: string;
  readonly route: Route;
}

/** Every route of the one wire contract. */
export const allRoutes = (): NamedRoute[] =>
  Object.entries(WIRE_MODULES).flatMap(([module, exports]) =>
    Object.entries(exports).flatMap(([name, value]) =>
      isRoute(value) ? [{ module, name, route: value }] : [],
    ),
  );

function isRoute(value: unknown): value is Route {
  return (
    typeof value === 'object' &&
    value !== null &&
    'method' in value &&
    'path' in value &&
    'right' in value &&
    'reply' in value
  );
}
