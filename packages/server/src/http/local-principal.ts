import { everyRight, type Principal } from '@sekisho/core/rules/rights.ts';
import type { Identify } from './app.ts';

/** An administrator on the server's own machine: the right to open the socket is the right to administer. */
export const LOCAL_PRINCIPAL: Principal = {
  kind: 'local',
  administratorId: null,
  name: 'local',
  origin: 'local',
  rights: everyRight(),
};

/** Everybody on the socket is the local administrator. */
export const identifyLocal: Identify = () => ({ kind: 'principal', principal: LOCAL_PRINCIPAL });
